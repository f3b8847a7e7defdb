"""A loaded SavedModel, as in TensorFlow Serving: a graph in a session, fed and fetched by tensor names.

A session accepts models of TensorFlow 1 and 2 alike and compares no shapes with the signature: clients rely
on sending, for example, a vector for `[-1, 1]`. It runs a small network in half the time of the signature's
function.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Protocol

# TensorFlow reads this with its first device. Without it all sessions share the first one's threads.
os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
# Otherwise oneDNN keeps the memory of models that have been unloaded.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

import numpy as np

from keras_session5.errors import (
    FailedPreconditionError,
    InternalError,
    InvalidArgumentError,
    ServingError,
)

try:
    import tensorflow as tf
except ModuleNotFoundError as error:
    if error.name != "tensorflow":
        raise
    raise FailedPreconditionError(
        "The model server needs TensorFlow, which is not installed. Install it: pip install 'keras-session5'"
    ) from None
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2

from keras_session5.server.codecs.tensors import check_dtypes
from keras_session5.server.rank_guards import guard_ranks
from keras_session5.server.saved_model import (
    find_assets,
    find_init_op,
    find_loops,
    find_variables,
    measure_size,
    read_meta_graph,
)

SignatureDef = meta_graph_pb2.SignatureDef

# The name of a tensor in a graph, such as `serving_default_x:0`, to its value.
Tensors = Mapping[str, np.ndarray]

# Clients choose the outputs, and the callable of each choice occupies memory.
_MOST_CALLABLES = 64
_CALLER_THREAD = -1
# Longer runs can be interrupted at their deadline, at the cost of a thread switch.
_SLOW_S = 0.02
_LONGEST_MS = 2**31 - 1
# A second thread slows a small network down: LeNet-5 takes 115 us for one image on one thread and 350 us on
# two, for 64 images 1.65 and 1.95 ms.
_SMALL_BYTES = 4 * 2**20


class Servable(Protocol):
    """The interface of a loaded model."""

    @property
    def signatures(self) -> Mapping[str, SignatureDef]:
        """The model's signatures by name."""
        ...

    def is_steady(self, fetches: Collection[str]) -> bool:
        """Whether the time to compute these depends only on the shapes of the inputs."""
        ...

    def run(
        self, feeds: Tensors, fetches: Collection[str], timeout_s: float | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the model on tensors by name and returns the fetched ones; thread-safe.

        The run may be given up after `timeout_s`, when no client waits for it any more.
        """
        ...


class SavedModel:
    """A SavedModel in a session.

    Args:
        path: the version's folder.
        tags: the tags of the graph to load.
        config: the configuration of the session.

    Raises:
        ServingError: the model cannot be loaded; in upstream's words where upstream has them.
    """

    def __init__(
        self,
        path: str,
        tags: frozenset[str] = frozenset({"serve"}),
        config: config_pb2.ConfigProto | None = None,
    ):
        meta_graph = read_meta_graph(path, tags)
        # Copies, because a part of a message keeps the whole in memory.
        self.signatures: dict[str, SignatureDef] = {
            name: SignatureDef.FromString(signature.SerializeToString())
            for name, signature in meta_graph.signature_def.items()
        }
        self._config = config_pb2.ConfigProto()
        self._config.CopyFrom(config or make_session_config())
        if not self._config.intra_op_parallelism_threads and measure_size(path) < _SMALL_BYTES:
            self._config.intra_op_parallelism_threads = 1
        self._graph = tf.Graph()
        self._slow: set[tuple[str, ...]] = set()  # the fetches of runs that took long
        self._callable = lru_cache(_MOST_CALLABLES)(self._make_callable)
        self._dtype = lru_cache(None)(self._find_dtype)
        self._loops = find_loops(meta_graph)
        guard_ranks(meta_graph.graph_def)
        try:
            with self._graph.as_default():
                tf.graph_util.import_graph_def(meta_graph.graph_def, name="")
            self._session = tf.compat.v1.Session(graph=self._graph, config=self._config)
            self._initialise(path, meta_graph)
        except ServingError:
            raise
        except tf.errors.OpError as error:
            raise _to_serving_error(error) from error
        except Exception as error:  # a damaged folder can raise almost any
            raise InternalError(f"{type(error).__name__}: {error}") from error

    def run(
        self, feeds: Tensors, fetches: Collection[str], timeout_s: float | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the graph; gives up after `timeout_s` if the last such run took long."""
        names = tuple(sorted(set(fetches)))
        check_dtypes(feeds.values(), map(self._dtype, feeds))
        timeout_ms = _round_up_ms(timeout_s) if timeout_s and names in self._slow else 0
        try:
            call = self._callable(tuple(feeds), names, timeout_ms)
            began = time.perf_counter()
            values = call(*feeds.values())
            self._note_seconds(names, time.perf_counter() - began)
        except tf.errors.OpError as error:
            raise _to_serving_error(error) from error
        except UnicodeDecodeError as error:  # the kernel's message quotes the client's bytes
            raise InvalidArgumentError("The model refused a value that is not UTF-8 text.") from error
        return {name: _to_array(value) for name, value in zip(names, values, strict=True)}

    def is_steady(self, fetches: Collection[str]) -> bool:
        """Whether none of these depends on a loop."""
        return self._loops.isdisjoint(fetches)

    def _note_seconds(self, fetches: tuple[str, ...], seconds: float) -> None:
        if seconds <= _SLOW_S:
            self._slow.discard(fetches)
        elif len(self._slow) < _MOST_CALLABLES:
            self._slow.add(fetches)

    def _initialise(self, path: str, meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
        saver, assets = meta_graph.saver_def, find_assets(path, meta_graph)
        variables = find_variables(path, meta_graph)
        if variables:
            self._run_op(saver.restore_op_name, {saver.filename_tensor_name: variables} | assets)
        if initialise := find_init_op(meta_graph):
            self._run_op(initialise, assets)

    def _run_op(self, name: str, texts: Mapping[str, str]) -> None:
        # TensorFlow may have dropped the inputs of some assets from the graph.
        known = {tensor: text for tensor, text in texts.items() if self._has(tensor)}
        options = config_pb2.CallableOptions(feed=list(known), target=[name.partition(":")[0]])
        call = self._session._make_callable_from_options(options)  # pyright: ignore[reportAttributeAccessIssue]
        call(*(np.array(text.encode(), object) for text in known.values()))

    def _has(self, tensor: str) -> bool:
        try:
            self._graph.get_tensor_by_name(tensor)
        except (KeyError, ValueError):
            return False
        return True

    def _find_dtype(self, tensor: str) -> int:
        name = tensor if ":" in tensor else f"{tensor}:0"  # hand-written signatures may omit the index
        try:
            return self._graph.get_tensor_by_name(name).dtype.base_dtype.as_datatype_enum
        except (KeyError, ValueError) as error:
            raise InvalidArgumentError(
                f"Tensor {tensor}, specified in either feed_devices or fetch_devices was not found in the"
                " Graph"
            ) from error

    def _make_callable(
        self, feeds: tuple[str, ...], fetches: tuple[str, ...], timeout_ms: int
    ) -> Callable[..., list[Any]]:
        options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
        if timeout_ms:
            options.run_options.timeout_in_ms = timeout_ms
        elif not self._config.inter_op_parallelism_threads:
            options.run_options.inter_op_thread_pool = _CALLER_THREAD  # a thread switch costs 80 us
        # `Session.run` would compare shapes and take 100 us longer.
        return self._session._make_callable_from_options(options)  # pyright: ignore[reportAttributeAccessIssue]


def make_session_config(intra_op_threads: int = 0, inter_op_threads: int = 0) -> config_pb2.ConfigProto:
    """Returns the configuration of a session; 0 threads: chosen for the model and the machine."""
    config = config_pb2.ConfigProto(
        intra_op_parallelism_threads=intra_op_threads,
        inter_op_parallelism_threads=inter_op_threads,
        allow_soft_placement=True,
    )
    config.gpu_options.allow_growth = True  # leaves memory that it does not need to others
    return config


def _round_up_ms(seconds: float) -> int:
    """Rounds up to a power of two, because each limit needs a callable of its own."""
    return min(1 << int(seconds * 1000).bit_length(), _LONGEST_MS)


def _to_array(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)  # a scalar


def _to_serving_error(error: tf.errors.OpError) -> ServingError:
    """Returns upstream's error: the kernel's message without the text that Python adds around it.

    The message omits the function of a node, because TensorFlow does not always name it: nodes that oneDNN
    rewrites lose it, which depends on the processor.
    """
    lines = error.message.split("\n")
    while len(lines) > 1 and _is_python_preamble(lines[0]):
        lines.pop(0)
    text = "\n".join(lines).partition(" [Op:__inference_")[0]
    text = re.sub(r"\{\{function_node [^}]*\}\}", "", text)
    return ServingError.of(error.error_code, text)


def _is_python_preamble(line: str) -> bool:
    return not line.strip() or line.startswith(
        ("Graph execution error:", "Detected at node ", "<stack traces unavailable>", "  File ", "    ")
    )

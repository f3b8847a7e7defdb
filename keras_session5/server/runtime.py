"""A SavedModel in memory, as upstream keeps it: a graph in a session, fed and fetched by tensor names.

The session takes models of TensorFlow 1 and 2 alike, compares no shapes with the signature (clients rely on
sending, say, a vector where it says `[-1, 1]`), and runs a small network in half the time that the signature
function takes.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Protocol

# Read once, when TensorFlow makes its first device: without it all sessions share the first one's threads.
os.environ.setdefault("TF_OVERRIDE_GLOBAL_THREADPOOL", "1")
# Otherwise oneDNN keeps the memory of models that have been unloaded.
os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2

from keras_session5.errors import InternalError, InvalidArgumentError, ServingError
from keras_session5.server.codecs.tensors import check_dtypes
from keras_session5.server.rank_guards import guard_ranks
from keras_session5.server.saved_model import (
    asset_files,
    init_op,
    loops,
    read_meta_graph,
    size_of,
    variables_path,
)

SignatureDef = meta_graph_pb2.SignatureDef

# The name of a tensor in a graph, such as `serving_default_x:0`, to its value.
Tensors = Mapping[str, np.ndarray]

# Clients choose which outputs they want, and each choice is a callable that keeps memory.
_MOST_CALLABLES = 64
_CALLER_THREAD = -1
# What takes longer can be given up when nobody waits for it any more, at the price of a change of threads.
_SLOW_S = 0.02
_LONGEST_MS = 2**31 - 1
# To hand a part of a small network's work to another thread takes longer than the part: LeNet-5 answers for
# one image in 115 us on one thread and in 350 us on two, for 64 images in 1.65 and 1.95 ms.
_SMALL_BYTES = 4 * 2**20


class Servable(Protocol):
    """What the server needs of a loaded model, whatever runs it."""

    @property
    def signatures(self) -> Mapping[str, SignatureDef]:
        """The model's signatures by name."""
        ...

    def is_steady(self, fetches: Collection[str]) -> bool:
        """Whether these take about the same time for all inputs of the same shape."""
        ...

    def run(
        self, feeds: Tensors, fetches: Collection[str], timeout_s: float | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the model on tensors by name and returns those asked for; many threads may do so at once.

        Nobody waits for longer than `timeout_s`, so that the run may be given up then.
        """
        ...


class SavedModel:
    """A SavedModel in a session.

    Args:
        path: the version's folder.
        tags: the tags of the graph to load.
        config: how the session computes.

    Raises:
        ServingError: it cannot be loaded; in upstream's words where upstream has them.
    """

    def __init__(
        self,
        path: str,
        tags: frozenset[str] = frozenset({"serve"}),
        config: config_pb2.ConfigProto | None = None,
    ):
        meta_graph = read_meta_graph(path, tags)
        # Copied, so that they do not keep the whole message in memory.
        self.signatures: dict[str, SignatureDef] = {
            name: SignatureDef.FromString(signature.SerializeToString())
            for name, signature in meta_graph.signature_def.items()
        }
        self._config = config_pb2.ConfigProto()
        self._config.CopyFrom(config or session_config())
        if not self._config.intra_op_parallelism_threads and size_of(path) < _SMALL_BYTES:
            self._config.intra_op_parallelism_threads = 1
        self._graph = tf.Graph()
        self._slow: set[tuple[str, ...]] = set()  # what was fetched when it took long
        self._callable = lru_cache(_MOST_CALLABLES)(self._make_callable)
        self._dtype = lru_cache(None)(self._dtype_of)
        self._loops = loops(meta_graph)
        guard_ranks(meta_graph.graph_def)
        try:
            with self._graph.as_default():
                tf.graph_util.import_graph_def(meta_graph.graph_def, name="")
            self._session = tf.compat.v1.Session(graph=self._graph, config=self._config)
            self._initialise(path, meta_graph)
        except ServingError:
            raise
        except tf.errors.OpError as error:
            raise _from_tensorflow(error) from error
        except Exception as error:  # TensorFlow raises nearly every kind for a damaged folder
            raise InternalError(f"{type(error).__name__}: {error}") from error

    def run(
        self, feeds: Tensors, fetches: Collection[str], timeout_s: float | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the graph, and gives that up after `timeout_s` if it is known to take long."""
        names = tuple(sorted(set(fetches)))
        check_dtypes(feeds.values(), map(self._dtype, feeds))
        timeout_ms = _rounded_ms(timeout_s) if timeout_s and names in self._slow else 0
        try:
            call = self._callable(tuple(feeds), names, timeout_ms)
            began = time.perf_counter()
            values = call(*feeds.values())
            self._note_seconds(names, time.perf_counter() - began)
        except tf.errors.OpError as error:
            raise _from_tensorflow(error) from error
        except UnicodeDecodeError as error:  # the kernel's sentence quotes bytes that it was sent
            raise InvalidArgumentError("The model refused a value that is not UTF-8 text.") from error
        return {name: _as_array(value) for name, value in zip(names, values, strict=True)}

    def is_steady(self, fetches: Collection[str]) -> bool:
        """Whether none of these needs a loop."""
        return self._loops.isdisjoint(fetches)

    def _note_seconds(self, fetches: tuple[str, ...], seconds: float) -> None:
        if seconds <= _SLOW_S:
            self._slow.discard(fetches)
        elif len(self._slow) < _MOST_CALLABLES:
            self._slow.add(fetches)

    def _initialise(self, path: str, meta_graph: meta_graph_pb2.MetaGraphDef) -> None:
        saver, assets = meta_graph.saver_def, asset_files(path, meta_graph)
        variables = variables_path(path, meta_graph)
        if variables:
            self._run_op(saver.restore_op_name, {saver.filename_tensor_name: variables} | assets)
        if initialise := init_op(meta_graph):
            self._run_op(initialise, assets)

    def _run_op(self, name: str, texts: Mapping[str, str]) -> None:
        # Not every text has its input in the graph: of several assets TensorFlow may have kept one.
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

    def _dtype_of(self, tensor: str) -> int:
        name = tensor if ":" in tensor else f"{tensor}:0"  # signatures written by hand may leave that out
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
            options.run_options.inter_op_thread_pool = _CALLER_THREAD  # a change of threads costs 80 us
        # `Session.run` would compare shapes, and takes 100 us longer.
        return self._session._make_callable_from_options(options)  # pyright: ignore[reportAttributeAccessIssue]


def session_config(intra_op_threads: int = 0, inter_op_threads: int = 0) -> config_pb2.ConfigProto:
    """Returns how a session computes; 0 threads: as many as suit the model and the machine."""
    config = config_pb2.ConfigProto(
        intra_op_parallelism_threads=intra_op_threads,
        inter_op_parallelism_threads=inter_op_threads,
        allow_soft_placement=True,
    )
    config.gpu_options.allow_growth = True  # what it does not need is left to others
    return config


def _rounded_ms(seconds: float) -> int:
    """Rounds up to a power of two, since each limit needs a callable of its own."""
    return min(1 << int(seconds * 1000).bit_length(), _LONGEST_MS)


def _as_array(value: Any) -> np.ndarray:
    if isinstance(value, np.ndarray):
        return value
    return np.array(value, object if isinstance(value, bytes) else None)  # a scalar


def _from_tensorflow(error: tf.errors.OpError) -> ServingError:
    """Returns what upstream would say: the kernel's sentence without Python's additions around it.

    The function that a node came from is left out: whether TensorFlow names it depends on the processor,
    since nodes that oneDNN rewrites have forgotten it.
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

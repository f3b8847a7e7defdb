"""Training on several devices: data-parallel in several processes, or model-parallel in one.

`keras.distribution` places the weights. With data parallelism, JAX's runtime connects the processes, on one
machine or on many. Each holds all weights and examples, and computes its share of every batch. Process 0
alone writes the run. The environment says which process this one is, in the variables of
`keras.distribution.initialize`. With model parallelism, the devices divide the weights of transformer blocks.
"""

import atexit
import contextlib
import functools
import importlib.util
import os
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5 import checks
from keras_session5.errors import ArgumentError, ProcessError, Session5Error

_COORDINATOR = "KERAS_DISTRIBUTION_JOB_ADDRESSES"
_COUNT = "KERAS_DISTRIBUTION_NUM_PROCESSES"
_ID = "KERAS_DISTRIBUTION_PROCESS_ID"
_PARENT = "KERAS_SESSION5_PARENT"  # the process that must outlive this one
_DEVICES = "JAX_LOCAL_DEVICE_IDS"
_BIND = "JAX_COORDINATOR_BIND_ADDRESS"
_HEARTBEAT_S = 10  # a process is lost after this silence; the others learn of it a few seconds later
_END_S = 20  # for the processes to end together
_LONGEST_PATH = 4096
_LOST = re.compile("gloo|nccl|unavailable|coordination|connection", re.IGNORECASE)

# The axis by which the devices divide a block's weights, as in Megatron-LM (Shoeybi et al. 2019). Each one
# computes some of the heads, or of the MLP's hidden units; a sublayer ends with the sum over all devices.
_LAYOUTS = {
    r".*/(query|key|value)/kernel": (None, "model", None),  # (D, H, K)
    r".*/(query|key|value)/bias": ("model", None),
    r".*/attention_output/kernel": ("model", None, None),  # (H, K, D)
    r".*_mlp_1/kernel": (None, "model"),  # (D, mlp_dim)
    r".*_mlp_1/bias": ("model",),
    r".*_mlp_2/kernel": ("model", None),  # (mlp_dim, D)
}
# A context of one training: the next one in this process may divide nothing.
_model_parallel = ContextVar("model_parallel", default=False)


def environment(coordinator: str, count: int, process: int, *, local: bool) -> dict[str, str]:
    """Returns the variables that make a child of this process one of `count` processes.

    Args:
        coordinator: `HOST:PORT` of process 0.
        count: number of processes.
        process: number of the child, from 0.
        local: whether all run on this machine. Then each gets the accelerator of its number, if there are
            any; otherwise, all that it sees.
    """
    variables = {
        "KERAS_BACKEND": "jax",
        _COORDINATOR: coordinator,
        _COUNT: str(count),
        _ID: str(process),
        _PARENT: str(os.getpid()),
    }
    return variables | {_DEVICES: str(process), _BIND: coordinator} if local else variables


def count_processes() -> int:
    """Returns the number of processes that train together."""
    return int(os.environ.get(_COUNT, 1))


def is_member() -> bool:
    """Returns whether this process was started as one of several."""
    return _COUNT in os.environ


def is_writer() -> bool:
    """Returns whether this process writes the run: process 0, or the only one."""
    return os.environ.get(_ID, "0") == "0"


def check_backend(chosen: str | None = None, setting: str = "processes") -> None:
    """Raises `ArgumentError` unless JAX can be the backend: the chosen one, or that of the environment.

    Args:
        chosen: backend; that of the environment if None.
        setting: what needs JAX.
    """
    backend = chosen or os.environ.get("KERAS_BACKEND") or "jax"
    if backend != "jax":
        raise ArgumentError(
            f"`{'backend' if chosen else 'KERAS_BACKEND'}` must be jax, or omitted, with `{setting}`: "
            f"Keras trains on several devices under JAX alone. Received: {backend}"
        )
    if importlib.util.find_spec("jax") is None:
        raise ArgumentError(
            f"`{setting}` must be omitted without the package jax. Install it: "
            "pip install 'keras-session5[jax]'"
        )


def check_batch_size(size: int, count: int | None = None) -> None:
    """Raises `ArgumentError` unless the processes can share the batches equally.

    Args:
        size: examples of a batch; of the whole epoch, if there are fewer.
        count: number of processes; this training's if None.
    """
    count = count or count_processes()
    if size % count:
        raise ArgumentError(
            f"`batch_size` must be a multiple of the number of processes, {count}, each of which computes "
            f"an equal share of every batch. Received: batch_size={size}"
        )


def check_one_process(processes: int | None) -> None:
    """Raises `ArgumentError` if a model-parallel training is also to be shared among processes."""
    if processes:
        raise ArgumentError(
            "`model_parallel` must be omitted with `processes`: the devices of one process divide the "
            f"weights. Received: processes={processes}"
        )


def check_blocks(name: str, arguments: Mapping[str, Any]) -> None:
    """Raises `ArgumentError` unless the devices of this process can divide a network's blocks equally.

    Args:
        name: of the network.
        arguments: of its builder, including the defaults.
    """
    if "num_heads" not in arguments:
        raise ArgumentError(
            f"`model_parallel` must be omitted for {name}: only transformer blocks are divided among the "
            "devices. Received: model_parallel=True"
        )
    import jax  # pyright: ignore[reportMissingImports]

    count = jax.device_count()
    if count == 1:
        raise ArgumentError(
            "`model_parallel` must be omitted on a single device: the weights are divided among several. "
            f"Received: model_parallel=True with {jax.devices()[0].device_kind} alone"
        )
    for key in ("num_heads", "mlp_dim"):
        if checks.positive_int(key, arguments[key]) % count:
            raise ArgumentError(
                f"`{key}` must be a multiple of the number of devices, {count}, with `model_parallel`: each "
                f"of them computes an equal share. Received: {key}={arguments[key]}"
            )


@contextlib.contextmanager
def model_parallelism(chosen: bool) -> Iterator[None]:
    """A context in which the devices of this process divide the weights, if `chosen`."""
    before = _model_parallel.set(chosen)
    try:
        yield
    finally:
        _model_parallel.reset(before)


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Connects this process with the others, if there are any; at the end, waits until all have finished.

    Raises:
        ArgumentError: under another backend than JAX.
        ProcessError: if the connection fails.
    """
    if not is_member():
        yield
        return
    check_backend()
    import jax  # pyright: ignore[reportMissingImports]
    from jax.experimental import multihost_utils  # pyright: ignore[reportMissingImports]

    try:
        with explain_lost_processes():
            if not jax.distributed.is_initialized():
                _end_with_parent()
                jax.config.update("jax_cpu_collectives_implementation", "gloo")
                jax.distributed.initialize(
                    os.environ[_COORDINATOR],
                    count_processes(),
                    int(os.environ[_ID]),
                    cluster_detection_method="deactivate",
                    heartbeat_timeout_seconds=_HEARTBEAT_S,
                    shutdown_timeout_seconds=_END_S,
                )
                with _output_as_error():  # Gloo prints a line on standard output, which is for results
                    multihost_utils.sync_global_devices("begin")
            yield
            multihost_utils.sync_global_devices("end")
    except BaseException:
        # At exit, JAX would wait for the others, which wait for this process.
        atexit.register(os._exit, 1)
        raise


@contextlib.contextmanager
def explain_lost_processes() -> Iterator[None]:
    """Turns the failure of a collective operation into one sentence.

    Raises:
        ProcessError: another process ended.
    """
    try:
        yield
    except Exception as error:
        # The libraries raise exceptions of several types; what they have in common is their own name in it.
        if not is_member() or isinstance(error, Session5Error) or not _LOST.search(str(error)):
            raise
        reason = str(error).strip().splitlines()[0]
        raise ProcessError(f"Another process of this training ended: {reason}") from error


def agree_on(path: Path | None) -> Path:
    """Returns process 0's path in every process."""
    if count_processes() == 1:
        assert path
        return path
    from jax.experimental import multihost_utils  # pyright: ignore[reportMissingImports]

    text = os.fsencode(path or "").ljust(_LONGEST_PATH, b"\0")
    shared = multihost_utils.broadcast_one_to_all(np.frombuffer(text, np.uint8))
    return Path(os.fsdecode(np.asarray(shared).tobytes().rstrip(b"\0")))


def distribution() -> Any:
    """Returns Keras's distribution over all devices; None if one device trains alone.

    The first axis of its mesh divides the batch.
    """
    if _model_parallel.get():
        return _make_distribution(model_parallel=True)
    return _make_distribution(model_parallel=False) if count_processes() > 1 else None


@functools.cache
def _make_distribution(*, model_parallel: bool) -> Any:
    from keras import distribution as keras_distribution

    if not model_parallel:
        return keras_distribution.DataParallel(auto_shard_dataset=False)
    devices = keras_distribution.list_devices()
    mesh = keras_distribution.DeviceMesh((1, len(devices)), ("batch", "model"), devices)
    layouts = keras_distribution.LayoutMap(mesh)
    layouts.update(_LAYOUTS)
    return keras_distribution.ModelParallel(layout_map=layouts, auto_shard_dataset=False)


def scope() -> contextlib.AbstractContextManager:
    """Returns a context in which new variables are placed on all devices."""
    return distribution().scope() if distribution() else contextlib.nullcontext()


def shardings(state: Any) -> Any:
    """Returns the shardings of what a program of training steps returns; None if one device trains alone.

    Every device holds the metrics; the state stays where its variables are.

    Args:
        state: a structure of variables.
    """
    if not distribution():
        return None
    from keras import tree

    return _sharding(), tree.map_structure(lambda variable: variable.value.sharding, state)


def replicate(array: np.ndarray) -> Any:
    """Returns a tensor that every device holds."""
    from keras import ops

    return _place(array, _sharding()) if distribution() else ops.convert_to_tensor(array)


def share(array: Any) -> Any:
    """Returns batches (K, B, ...) of which every device holds its share; all, if B cannot be divided."""
    if not distribution():
        return array
    axis = distribution().batch_dim_name
    divisible = array.shape[1] % distribution().device_mesh.shape[0] == 0
    return _place(array, _sharding(None, axis) if divisible else _sharding())


def _sharding(*axes: str | None) -> Any:
    from keras.distribution import TensorLayout

    return TensorLayout(axes, distribution().device_mesh).backend_layout


def _place(array: np.ndarray, sharding: Any) -> Any:
    import jax  # pyright: ignore[reportMissingImports]

    # The shape tells that every process has the whole array.
    return jax.make_array_from_process_local_data(sharding, array, array.shape)


def _end_with_parent() -> None:
    """Ends this process when the command that started it is gone, even if that was killed."""
    parent = int(os.environ.get(_PARENT, 0))

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    if parent:
        threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def _output_as_error() -> Iterator[None]:
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)

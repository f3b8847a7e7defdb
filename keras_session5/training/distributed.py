"""Data-parallel training in several processes, on one machine or on many.

`keras.distribution` places the weights, and JAX's runtime connects the processes: each holds all weights and
examples, and computes its share of every batch. Process 0 alone writes the run. The environment says which
process this one is, in the variables of `keras.distribution.initialize`.
"""

import atexit
import contextlib
import functools
import importlib.util
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

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


def check_backend(chosen: str | None = None) -> None:
    """Raises `ArgumentError` unless JAX can be the backend: the chosen one, or that of the environment."""
    backend = chosen or os.environ.get("KERAS_BACKEND") or "jax"
    if backend != "jax":
        raise ArgumentError(
            f"`{'backend' if chosen else 'KERAS_BACKEND'}` must be jax, or omitted, to train in several "
            f"processes: Keras's data parallelism runs on JAX. Received: {backend}"
        )
    if importlib.util.find_spec("jax") is None:
        raise ArgumentError(
            "`processes` must be omitted without the package jax. Install it: "
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


@functools.cache
def distribution() -> Any:
    """Returns Keras's data parallelism over the devices of all processes; None for a single process."""
    if count_processes() == 1:
        return None
    import keras

    return keras.distribution.DataParallel(auto_shard_dataset=False)


def scope() -> contextlib.AbstractContextManager:
    """Returns a context in which new variables are replicated on all devices."""
    return distribution().scope() if distribution() else contextlib.nullcontext()


def replicated() -> Any:
    """Returns the sharding of an array that every device holds; None for a single process."""
    return _sharding() if distribution() else None


def replicate(array: np.ndarray) -> Any:
    """Returns a tensor that every device holds."""
    from keras import ops

    return _place(array, _sharding()) if distribution() else ops.convert_to_tensor(array)


def share(array: Any) -> Any:
    """Returns batches (K, B, ...) of which every device holds its share; all, if B cannot be divided."""
    if not distribution():
        return array
    axis = distribution().batch_dim_name
    divisible = array.shape[1] % distribution().device_mesh.devices.size == 0
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

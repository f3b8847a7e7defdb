"""What runs the training: the devices, their memory, and the programs that XLA compiles for them."""

import contextlib
import os
from pathlib import Path

import keras

from keras_session5 import checks
from keras_session5.catalog import Network
from keras_session5.training import distributed

_STEPS = 16  # of one execution: enough to make the cost of starting it small
_SMALL_GPU_BYTES = 8 << 30
_WORTHWHILE = 1_000  # steps of the multilayer perceptron that XLA shortens by the two seconds of compiling
_WORTH_KEEPING_S = 0.2  # of compiling; JAX's own second leaves out half of a small network's programs


def jit_compile(xla: str, entry: Network, steps: int) -> bool:
    """Returns the `jit_compile` argument of `Model.compile`.

    `"auto"` means on with a GPU or TPU, and on a CPU for the networks that it makes faster there, if the
    training is long enough to make up for the compilation.

    Args:
        xla: `"auto"`, `"on"` or `"off"`.
        entry: the network.
        steps: number of steps of the whole training.
    """
    checks.one_of("xla", xla, ["auto", "on", "off"])
    if xla == "auto":
        pays = entry.cpu_xla and steps >= _WORTHWHILE
        return keras.backend.backend() == "jax" or name() != "CPU" or pays
    return xla == "on"


def steps_per_execution(model: keras.Model, entry: Network) -> int:
    """Returns the number of training steps that one compiled program runs.

    XLA's loops on a CPU run convolutions and recurrent layers on a single core.
    """
    return 1 if model.jit_compile and name() == "CPU" and not entry.cpu_xla else _STEPS


def keep_programs() -> None:
    """Makes JAX keep compiled programs in a folder of the user, from which the next process loads them.

    A folder that the user has chosen (`JAX_COMPILATION_CACHE_DIR`) comes first. Without a folder that can be
    written, every process compiles.
    """
    import jax  # pyright: ignore[reportMissingImports]

    # Of several processes on CPUs, only process 0 finds its programs again. It would wait for the sums of the
    # others, which still compile, longer than Gloo allows.
    if distributed.is_member() or jax.config.jax_compilation_cache_dir is not None:
        return
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home directory
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
        folder = caches / "keras-session5" / "jax"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            jax.config.update("jax_compilation_cache_dir", str(folder))
            jax.config.update("jax_persistent_cache_min_compile_time_secs", _WORTH_KEEPING_S)


def name() -> str:
    """Returns the devices for training, such as `"CPU"` or `"GPU:0 GPU:1"`."""
    accelerators = [d for d in keras.distribution.list_devices() if not d.lower().startswith("cpu")]
    return " ".join(accelerators).upper() or "CPU"


def memory_bytes() -> int:
    """Returns the memory of the first device; that of a small GPU under TensorFlow, which does not tell."""
    if name() != "CPU" and keras.backend.backend() == "jax":
        import jax  # pyright: ignore[reportMissingImports]

        return int((jax.local_devices()[0].memory_stats() or {}).get("bytes_limit", 0))
    if name() != "CPU":
        return _SMALL_GPU_BYTES
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

"""The one place that decides about XLA."""

import keras

from keras_session5 import checks


def jit_compile(xla: str) -> bool:
    """Returns what to compile a model with.

    On a CPU XLA makes LeNet-5's training two to four times slower and the others no faster, so
    `"auto"` means a GPU or TPU.

    Args:
        xla: `"auto"`, `"on"` or `"off"`.
    """
    checks.one_of("xla", xla, ["auto", "on", "off"])
    if xla == "auto":
        return device() != "CPU"
    return xla == "on"


def device() -> str:
    """Returns the device that trains, such as `"CPU"` or `"GPU:0 GPU:1"`."""
    accelerators = [d for d in keras.distribution.list_devices() if not d.lower().startswith("cpu")]
    return " ".join(accelerators).upper() or "CPU"

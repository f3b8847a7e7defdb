"""Whether XLA compiles the training step: decided here and nowhere else."""

import keras

from keras_session5 import checks


def jit_compile(xla: str) -> bool:
    """Returns the `jit_compile` argument of `Model.compile`.

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
    """Returns the devices for training, such as `"CPU"` or `"GPU:0 GPU:1"`."""
    accelerators = [d for d in keras.distribution.list_devices() if not d.lower().startswith("cpu")]
    return " ".join(accelerators).upper() or "CPU"

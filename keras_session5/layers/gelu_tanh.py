"""GELU as GPT-2 and ViT compute it."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
def gelu_tanh(x: Any) -> Any:
    """Computes 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), the tanh approximation of GELU.

    Keras's `"gelu"` is the exact function; the two differ by less than 5e-4.

    Args:
        x: float tensor of any shape.

    Returns:
        Tensor of the same shape and dtype.

    Reference:
        Hendrycks, Gimpel (2016), "Gaussian Error Linear Units (GELUs)", section 2.
    """
    return ops.gelu(x, approximate=True)

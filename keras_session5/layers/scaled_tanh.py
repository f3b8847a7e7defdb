"""The squashing function of LeCun's networks."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
def scaled_tanh(x: Any) -> Any:
    """Computes 1.7159 tanh(2/3 x): 1 at 1 and -1 at -1, where its second derivative is largest.

    Args:
        x: float tensor of any shape.

    Returns:
        Tensor of the same shape and dtype, values in (-1.7159, 1.7159).

    Reference:
        LeCun, Bottou, Bengio, Haffner (1998), "Gradient-Based Learning Applied to Document
        Recognition", appendix A.
    """
    return 1.7159 * ops.tanh(2 / 3 * x)

"""The loss for which gradient descent is Rosenblatt's rule."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
class HalfSquaredError(keras.losses.Loss):
    """Computes 0.5 * (target - prediction)^2, summed over the outputs of each sample.

    Its derivative is prediction - target, without the factor 2 of the mean squared error.

    Call arguments:
        y_true: tensor of shape (B, outputs).
        y_pred: tensor of shape (B, outputs).

    Example:
        >>> float(HalfSquaredError()([[1.0]], [[0.0]]))
        0.5
    """

    def __init__(self, name: str = "half_squared_error", **kwargs: Any):
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_pred = ops.convert_to_tensor(y_pred)
        error = ops.cast(y_true, y_pred.dtype) - y_pred
        return 0.5 * ops.sum(ops.square(error), axis=-1)

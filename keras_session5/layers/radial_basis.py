"""Distances to fixed codes."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike


@keras.saving.register_keras_serializable("keras_session5")
class RadialBasis(keras.layers.Layer):
    """Squared Euclidean distances to constant codes; the layer has no weights.

    Args:
        codes: array of shape (units, D).

    Call arguments:
        x: float tensor of shape (B, D).

    Returns:
        Tensor of shape (B, units): the sum of (x - code)^2 over D.

    Example:
        >>> RadialBasis([[1, 1], [1, -1]])(keras.ops.array([[1.0, 0.0]])).numpy().tolist()
        [[1.0, 1.0]]
    """

    def __init__(self, codes: ArrayLike, **kwargs: Any):
        super().__init__(**kwargs)
        self.codes = np.array(codes, "float32")

    def call(self, x: Any) -> Any:
        codes = ops.cast(ops.convert_to_tensor(self.codes), x.dtype)
        return ops.sum(ops.square(x[:, None, :] - codes), axis=-1)  # (B, units, D) -> (B, units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"codes": self.codes.tolist()}

"""A learned token in front of a sequence, from which a classifier reads its input."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
class ClassToken(keras.layers.Layer):
    """Prepends a learned vector to every sequence.

    Call arguments:
        x: float tensor of shape (B, T, D).

    Returns:
        Tensor of shape (B, T + 1, D). Weights: D, initially zero.

    Reference:
        Dosovitskiy et al. (2021), "An Image is Worth 16x16 Words", section 3.1.
    """

    def build(self, input_shape: tuple) -> None:
        self.token = self.add_weight(shape=(1, 1, input_shape[-1]), initializer="zeros", name="token")

    def call(self, x: Any) -> Any:
        token = ops.broadcast_to(ops.cast(self.token, x.dtype), (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([token, x], axis=1)

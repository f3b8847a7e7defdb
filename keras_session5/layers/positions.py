"""The fixed position encoding of the transformer."""

import keras
import numpy as np
from keras import ops


def sinusoidal_positions(length: int, embed_dim: int) -> np.ndarray:
    """Returns the table PE of shape (length, embed_dim), float32.

    PE(p, 2i) = sin(p / 10000^(2i/d)) and PE(p, 2i+1) = cos of the same: sine and cosine interleaved.

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.5.
    """
    position = np.arange(length)[:, None]
    angle = position / 10000.0 ** (np.arange(0, embed_dim, 2) / embed_dim)  # (length, ceil(d/2))
    table = np.empty((length, embed_dim), "float32")
    table[:, 0::2] = np.sin(angle)
    table[:, 1::2] = np.cos(angle[:, : embed_dim // 2])
    return table


@keras.saving.register_keras_serializable("keras_session5")
class SinusoidalPositions(keras.layers.Layer):
    """Adds the sinusoidal position encoding to a sequence of embeddings.

    The table is a constant of `max_length` rows; it has no weights.

    Args:
        max_length: longest sequence it can be asked for, in tokens.

    Call arguments:
        x: float tensor of shape (B, T, D), T <= max_length.

    Returns:
        Tensor of shape (B, T, D): x + PE.

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.5.
    """

    def __init__(self, max_length=512, **kwargs):
        super().__init__(**kwargs)
        self.max_length = max_length
        self.supports_masking = True

    def build(self, input_shape):
        self.table = sinusoidal_positions(self.max_length, input_shape[-1])
        self.built = True

    def call(self, x):
        # Slicing a table that is too short fails in the addition, by name of both lengths.
        return x + ops.cast(ops.convert_to_tensor(self.table)[: ops.shape(x)[1]], x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"max_length": self.max_length}

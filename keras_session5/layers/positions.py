"""Positional encodings: the fixed sinusoidal table of the transformer, and learned vectors."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_session5.errors import ArgumentError


def sinusoidal_positions(length: int, embed_dim: int) -> np.ndarray:
    """Returns the positional encoding PE, (length, embed_dim), float32.

    PE(p, 2i) = sin(p / 10000^(2i/d)) and PE(p, 2i+1) = cos(p / 10000^(2i/d)), d being `embed_dim`.

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.5.
    """
    position = np.arange(length)[:, None]
    angle = position / 10000.0 ** (np.arange(0, embed_dim, 2) / embed_dim)  # (length, ceil(d/2))
    table = np.empty((length, embed_dim), "float32")
    table[:, 0::2] = np.sin(angle)
    table[:, 1::2] = np.cos(angle[:, : embed_dim // 2])
    return table


class _Positions(keras.layers.Layer):
    """Adds row p of a table of `max_length` rows to the embedding at position p."""

    def __init__(self, max_length: int = 512, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_length = max_length
        self.supports_masking = True

    def call(self, x: Any, index: Any = None) -> Any:
        table = ops.cast(ops.convert_to_tensor(self.table), x.dtype)
        if index is not None:
            return x + ops.take(table, index, axis=0)
        length = x.shape[1]
        if length is not None and length > self.max_length:
            raise ArgumentError(
                f"A sequence must have at most {self.max_length} tokens, the number of positions "
                f"(`max_length`). Received: {length} tokens"
            )
        # Gathered instead of sliced: broadcasting would add a table of one row to every position.
        return x + ops.take(table, ops.arange(ops.shape(x)[1]), axis=0)

    def compute_output_shape(self, input_shape: tuple, **kwargs: Any) -> tuple:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"max_length": self.max_length}


@keras.saving.register_keras_serializable("keras_session5")
class SinusoidalPositions(_Positions):
    """Adds the sinusoidal positional encoding to a sequence of embeddings.

    The table of `max_length` rows is constant; the layer has no weights.

    Args:
        max_length: longest sequence, in tokens.

    Call arguments:
        x: float tensor of shape (B, T, D), T <= max_length.
        index: position of each token, (B, T) int32; None for 0, 1, ..., T-1.

    Returns:
        Tensor of shape (B, T, D): x + PE.

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.5.
    """

    def build(self, input_shape: tuple) -> None:
        self.table = sinusoidal_positions(self.max_length, input_shape[-1])
        self.built = True


@keras.saving.register_keras_serializable("keras_session5")
class LearnedPositions(_Positions):
    """Adds a learned vector for each position, as BERT, GPT and ViT do.

    Args:
        max_length: longest sequence, in tokens.
        embeddings_initializer: initial vectors; None for N(0, 0.02), as in GPT and ViT.

    Call arguments are those of `SinusoidalPositions`. Weights: max_length * D.

    Reference:
        Gehring et al. (2017), "Convolutional Sequence to Sequence Learning", section 3.1.
    """

    def __init__(self, max_length: int = 512, embeddings_initializer: Any = None, **kwargs: Any):
        super().__init__(max_length, **kwargs)
        normal = keras.initializers.RandomNormal(stddev=0.02)
        self.embeddings_initializer = keras.initializers.get(embeddings_initializer or normal)

    def build(self, input_shape: tuple) -> None:
        shape = (self.max_length, input_shape[-1])
        self.table = self.add_weight(shape=shape, initializer=self.embeddings_initializer, name="table")

    def get_config(self) -> dict[str, Any]:
        initializer = keras.initializers.serialize(self.embeddings_initializer)
        return super().get_config() | {"embeddings_initializer": initializer}

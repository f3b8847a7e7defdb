"""Causal self-attention, and a single decoding step of it with cached keys and values."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
class CausalAttention(keras.layers.Layer):
    """Multi-head self-attention in which each position attends only to itself and to earlier positions.

    Args:
        num_heads: attention heads, H.
        key_dim: width of each head, K.
        kernel_initializer: initial weights of the projections.
        output_initializer: initial weights of the output projection; None for `kernel_initializer`.

    Call arguments:
        x: float tensor of shape (B, T, D).

    Returns:
        Tensor of shape (B, T, D). Weights for D = H*K: 4 * (D*D + D).

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.2.3.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        kernel_initializer: Any = "glorot_uniform",
        output_initializer: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.output_initializer = keras.initializers.get(output_initializer)
        self.attention = keras.layers.MultiHeadAttention(
            num_heads, key_dim, kernel_initializer=self.kernel_initializer, name="attention"
        )

    def build(self, input_shape: tuple) -> None:
        self.attention.build(input_shape, input_shape)
        if self.output_initializer:  # Keras's layer takes one initializer for all four projections
            kernel = self.attention.output_dense.kernel
            kernel.assign(self.output_initializer(kernel.shape, kernel.dtype))

    def call(self, x: Any) -> Any:
        return self.attention(x, x, use_causal_mask=True)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "output_initializer": keras.initializers.serialize(self.output_initializer),
        }


class AttentionStep(keras.layers.Layer):
    """Computes a `CausalAttention` at one new position from the cached keys and values of earlier ones.

    Args:
        attention: the `CausalAttention` that owns the weights.

    Call arguments:
        x: (B, 1, D), the input at the new position.
        keys, values: (B, L, H, K), cached; entries at and after `index` are ignored.
        index: (B, 1) int32, the new position, counted from 0.

    Returns:
        The output (B, 1, D), and the keys and values updated at `index`.
    """

    def __init__(self, attention: CausalAttention, **kwargs: Any):
        super().__init__(**kwargs)
        self.key_dim = attention.key_dim
        self.attention = attention.attention

    def call(self, x: Any, keys: Any, values: Any, index: Any) -> tuple[Any, Any, Any]:
        positions = ops.arange(keys.shape[1])  # (L,)
        here = ops.equal(positions, index)[:, :, None, None]  # (B, L, 1, 1)
        keys = ops.where(here, self.attention.key_dense(x), keys)
        values = ops.where(here, self.attention.value_dense(x), values)
        query = self.attention.query_dense(x) / math.sqrt(self.key_dim)  # (B, 1, H, K)
        scores = ops.einsum("bqhk,blhk->bhql", query, keys)  # (B, H, 1, L)
        past = ops.less_equal(positions, index)[:, None, None]  # (B, 1, 1, L)
        weights = ops.softmax(ops.where(past, scores, -1e9), axis=-1)
        heads = ops.einsum("bhql,blhk->bqhk", weights, values)
        return self.attention.output_dense(heads), keys, values

"""Self-attention that does not see the future, and its single step with cached keys and values."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
class CausalAttention(keras.layers.Layer):
    """Multi-head self-attention in which a position attends to itself and to those before it.

    Args:
        num_heads: attention heads, H.
        key_dim: width of each head, K.
        kernel_initializer: initial weights of the projections.
        output_initializer: initial weights of the last projection, where they are others.

    Call arguments:
        x: float tensor of shape (B, T, D).

    Returns:
        Tensor of shape (B, T, D). Weights for D = H*K: 4 * (D*D + D).

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", section 3.2.3.
    """

    def __init__(
        self,
        num_heads,
        key_dim,
        kernel_initializer="glorot_uniform",
        output_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.output_initializer = keras.initializers.get(output_initializer)
        self.attention = keras.layers.MultiHeadAttention(
            num_heads, key_dim, kernel_initializer=self.kernel_initializer, name="attention"
        )

    def build(self, input_shape):
        self.attention.build(input_shape, input_shape)
        if self.output_initializer:  # Keras's layer has one initializer for all four projections
            kernel = self.attention.output_dense.kernel
            kernel.assign(self.output_initializer(kernel.shape, kernel.dtype))

    def call(self, x):
        return self.attention(x, x, use_causal_mask=True)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "output_initializer": keras.initializers.serialize(self.output_initializer),
        }


class AttentionStep(keras.layers.Layer):
    """The output of a `CausalAttention` at one new position, from cached keys and values of those before it.

    Args:
        attention: the `CausalAttention` whose weights it uses.

    Call arguments:
        x: (B, 1, D), the new position of each row.
        keys, values: (B, L, H, K), cached; their entries at and after `index` are ignored.
        index: (B, 1) int32, the number of the new position, counted from 0.

    Returns:
        (B, 1, D), and the keys and values with those of x at `index`.
    """

    def __init__(self, attention, **kwargs):
        super().__init__(**kwargs)
        self.key_dim = attention.key_dim
        self.attention = attention.attention

    def call(self, x, keys, values, index):
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

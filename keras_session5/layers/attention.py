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
    """Computes a `CausalAttention` at new positions from the cached keys and values of earlier ones.

    Args:
        attention: the `CausalAttention` that owns the weights.

    Call arguments:
        x: (B, Q, D), the inputs at the new positions; Q is 1 for a step, or the length of a prompt.
        keys, values: (B, H, L, K), cached; entries at and after `index` are ignored.
        index: (B, Q) int32, the new positions, counted from 0.

    Returns:
        The output (B, Q, D), and the keys and values updated at `index`.
    """

    def __init__(self, attention: CausalAttention, **kwargs: Any):
        super().__init__(dtype=attention.dtype_policy, **kwargs)
        self.key_dim = attention.key_dim
        self.attention = attention.attention

    def call(self, x: Any, keys: Any, values: Any, index: Any) -> tuple[Any, Any, Any]:
        shape = (*ops.shape(index), keys.shape[1])  # (B, Q, H)
        rows, heads = ops.arange(shape[0])[:, None, None], ops.arange(shape[2])
        places = ops.stack(
            [ops.broadcast_to(axis, shape) for axis in (rows, heads, index[:, :, None])], axis=-1
        )  # (B, Q, H, 3)
        places = ops.reshape(places, (-1, 3))  # Keras's scatter under JAX takes no more dimensions

        # A scatter writes into the cache in place; `where` would copy all of it for each token.
        def write(cache, new):
            return ops.scatter_update(cache, places, ops.reshape(new, (-1, self.key_dim)))

        keys, values = write(keys, self.attention.key_dense(x)), write(values, self.attention.value_dense(x))
        query = self.attention.query_dense(x) / math.sqrt(self.key_dim)  # (B, Q, H, K)
        scores = ops.einsum("bqhk,bhlk->bhql", query, keys)  # (B, H, Q, L)
        past = ops.less_equal(ops.arange(ops.shape(keys)[2]), index[:, :, None])  # (B, Q, L)
        weights = ops.softmax(ops.where(past[:, None], scores, -1e9), axis=-1)
        mixed = ops.einsum("bhql,bhlk->bqhk", weights, values)
        return self.attention.output_dense(mixed), keys, values

    def compute_output_spec(self, x: Any, keys: Any, values: Any, index: Any) -> tuple[Any, Any, Any]:
        output = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        return (
            output,
            keras.KerasTensor(keys.shape, keys.dtype),
            keras.KerasTensor(values.shape, values.dtype),
        )

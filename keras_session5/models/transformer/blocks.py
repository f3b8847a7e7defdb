"""The transformer's building blocks, in the paper's order.

A sublayer is wrapped as in the paper, norm(x + dropout(sublayer(x))), called post-norm; or with
`pre_norm` as x + dropout(sublayer(norm(x))), which trains without warm-up in deep stacks.
"""

import math
from collections.abc import Callable

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import SinusoidalPositions


def token_embedding(tokens, vocabulary_size: int, embed_dim: int, max_length: int, dropout: float):
    """Embeds token ids, scales by sqrt(D) and adds the sinusoidal positions.

    Args:
        tokens: ids of shape (B, T).

    Returns:
        Tensor of shape (B, T, D). Weights: V*D.
    """
    # Standard deviation D^-0.5 times sqrt(D): as large as the positions that are added.
    x = layers.Embedding(
        vocabulary_size,
        embed_dim,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=embed_dim**-0.5),
        name="embedding",
    )(tokens)
    # (B, T, D)    V*D
    x = layers.Rescaling(math.sqrt(embed_dim), name="embedding_scale")(x)
    x = SinusoidalPositions(max_length, name="positions")(x)
    return layers.Dropout(dropout, name="embedding_dropout")(x)


def residual(x, sublayer: Callable, *, dropout: float, pre_norm: bool, name: str):
    """Wraps a sublayer in dropout, a residual connection and layer normalisation.

    Args:
        x: tensor of shape (B, T, D).
        sublayer: function from (B, T, D) to (B, T, D).

    Returns:
        Tensor of shape (B, T, D). Weights: 2*D beside the sublayer's own.
    """
    norm = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_norm")
    drop = layers.Dropout(dropout, name=f"{name}_dropout")
    add = layers.Add(name=f"{name}_add")
    if pre_norm:
        return add([x, drop(sublayer(norm(x)))])
    return norm(add([x, drop(sublayer(x))]))


def feed_forward(x, mlp_dim: int, *, activation: str, name: str):
    """Two dense layers on every position: D -> mlp_dim -> D."""
    embed_dim = x.shape[-1]
    x = layers.Dense(mlp_dim, activation=activation, name=f"{name}_1")(x)
    # (B, T, mlp_dim)    D*mlp_dim + mlp_dim
    return layers.Dense(embed_dim, name=f"{name}_2")(x)
    # (B, T, D)    mlp_dim*D + D


def encoder_block(x, mask, *, num_heads, mlp_dim, dropout, pre_norm=False, activation="relu", name="block"):
    """One encoder layer: self-attention and feed-forward, each with residual and normalisation.

    Args:
        x: tensor of shape (B, T, D); `num_heads` must divide D.
        mask: boolean tensor that broadcasts to (B, T, T), True where a query may attend to a key.

    Returns:
        Tensor of shape (B, T, D). Weights for D=512, 8 heads, mlp_dim=2048: 3,152,384.
    """
    embed_dim = x.shape[-1]
    checks.divides("num_heads", num_heads, "embed_dim", embed_dim)
    attention = layers.MultiHeadAttention(num_heads, embed_dim // num_heads, name=f"{name}_attention")
    # (B, T, D)    4 * (D*D + D)
    wrap = {"dropout": dropout, "pre_norm": pre_norm}
    x = residual(x, lambda y: attention(y, y, attention_mask=mask), name=f"{name}_attention", **wrap)
    return residual(
        x,
        lambda y: feed_forward(y, mlp_dim, activation=activation, name=f"{name}_mlp"),
        name=f"{name}_mlp",
        **wrap,
    )

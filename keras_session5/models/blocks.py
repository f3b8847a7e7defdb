"""The transformer's building blocks, in the paper's order.

A sublayer is wrapped as in the paper, norm(x + dropout(sublayer(x))), called post-norm; or with
`pre_norm` as x + dropout(sublayer(norm(x))), which trains without warm-up in deep stacks.
"""

import math
from collections.abc import Callable

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.errors import ArgumentError
from keras_session5.layers import CausalAttention, SinusoidalPositions

EPSILON = 1e-5  # of every layer normalisation: it only keeps a constant vector from a division by zero
MEMORY = "memory"  # name of the layer that bears the encoder's output


def check_sizes(*, embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length=1, pre_norm=False):
    """Checks the arguments that every transformer has.

    Raises:
        ArgumentError: if a number is out of its range or `num_heads` does not divide `embed_dim`.
    """
    checks.positive_int("embed_dim", embed_dim)
    checks.positive_int("num_layers", num_layers)
    checks.positive_int("num_heads", num_heads)
    checks.divides("num_heads", num_heads, "embed_dim", embed_dim)
    checks.positive_int("mlp_dim", mlp_dim)
    checks.fraction("dropout", dropout)
    checks.positive_int("max_length", max_length)
    checks.one_of("pre_norm", pre_norm, [True, False])


def embedding_layer(vocabulary_size: int, embed_dim: int, name: str = "embedding"):
    """An embedding with V*D weights that can also be called in reverse, to score every token."""
    # Standard deviation D^-0.5, times sqrt(D) in `embed`: as large as the positions that are added there.
    normal = keras.initializers.RandomNormal(stddev=embed_dim**-0.5)
    return layers.ReversibleEmbedding(vocabulary_size, embed_dim, embeddings_initializer=normal, name=name)


def embed(tokens, embedding, max_length: int, dropout: float, name: str = "embedding"):
    """Embeds token ids, scales by sqrt(D) and adds the sinusoidal positions.

    Args:
        tokens: ids of shape (B, T).
        embedding: of `embedding_layer`.

    Returns:
        Tensor of shape (B, T, D).
    """
    x = layers.Rescaling(math.sqrt(embedding.output_dim), name=f"{name}_scale")(embedding(tokens))
    positions = "positions" if name == "embedding" else f"{name}_positions"
    x = SinusoidalPositions(max_length, name=positions)(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x)


def padding_mask(tokens):
    """What may be attended to: (B, 1, T), True for every query where the key is not padding, id 0."""
    return ops.expand_dims(ops.not_equal(tokens, 0), 1)


def residual(x, sublayer: Callable, *, dropout: float, pre_norm: bool, name: str):
    """Wraps a sublayer in dropout, a residual connection and layer normalisation.

    Args:
        x: tensor of shape (B, T, D).
        sublayer: function from (B, T, D) to (B, T, D).

    Returns:
        Tensor of shape (B, T, D). Weights: 2*D beside the sublayer's own.
    """
    norm = layers.LayerNormalization(epsilon=EPSILON, name=f"{name}_norm")
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
        mask: boolean tensor that broadcasts to (B, T, T), True where a query may attend to a key; None
            where every query may attend to every key.

    Returns:
        Tensor of shape (B, T, D). Weights for D=512, 8 heads, mlp_dim=2048: 3,152,384.

    Raises:
        ArgumentError: if `num_heads` does not divide D or the mask has another shape.
    """
    attention = _attention(x, num_heads, name=f"{name}_attention")
    # (B, T, D)    4 * (D*D + D)
    _check_mask(mask, x, x)
    wrap = {"dropout": dropout, "pre_norm": pre_norm}
    x = residual(x, lambda y: attention(y, y, attention_mask=mask), name=f"{name}_attention", **wrap)
    return residual(
        x,
        lambda y: feed_forward(y, mlp_dim, activation=activation, name=f"{name}_mlp"),
        name=f"{name}_mlp",
        **wrap,
    )


def decoder_block(
    x,
    memory=None,
    memory_mask=None,
    *,
    num_heads,
    mlp_dim,
    dropout,
    pre_norm=False,
    activation="relu",
    name="block",
):
    """One decoder layer: causal self-attention, attention to the encoder's output, and feed-forward.

    Padding on the right needs no mask of its own here: it is the future of everything that counts.

    Args:
        x: tensor of shape (B, S, D); `num_heads` must divide D.
        memory: what the encoder says, (B, T, D); None in a decoder that stands alone, as in GPT.
        memory_mask: boolean tensor that broadcasts to (B, S, T), True where a query may attend to a key.

    Returns:
        Tensor of shape (B, S, D). Weights for D=512, 8 heads, mlp_dim=2048: 4,204,032; without memory
        3,152,384.

    Raises:
        ArgumentError: if `num_heads` does not divide D or the mask has another shape.
    """
    embed_dim = x.shape[-1]
    checks.divides("num_heads", num_heads, "embed_dim", embed_dim)
    attention = CausalAttention(num_heads, embed_dim // num_heads, name=f"{name}_attention")
    # (B, S, D)    4 * (D*D + D)
    wrap = {"dropout": dropout, "pre_norm": pre_norm}
    x = residual(x, attention, name=f"{name}_attention", **wrap)
    if memory is not None:
        cross = _attention(x, num_heads, name=f"{name}_cross")
        # (B, S, D)    4 * (D*D + D)
        _check_mask(memory_mask, x, memory)
        x = residual(x, lambda y: cross(y, memory, attention_mask=memory_mask), name=f"{name}_cross", **wrap)
    return residual(
        x,
        lambda y: feed_forward(y, mlp_dim, activation=activation, name=f"{name}_mlp"),
        name=f"{name}_mlp",
        **wrap,
    )


def encoder(x, mask, *, num_layers, pre_norm=False, name="block", **block):
    """A stack of encoder blocks; with `pre_norm` a last normalisation follows.

    Args and returns are those of `encoder_block`.
    """
    for i in range(1, num_layers + 1):
        x = encoder_block(x, mask, pre_norm=pre_norm, name=f"{name}{i}", **block)
    return _final_norm(x, name) if pre_norm else x


def decoder(x, memory=None, memory_mask=None, *, num_layers, pre_norm=False, name="block", **block):
    """A stack of decoder blocks; with `pre_norm` a last normalisation follows.

    Args and returns are those of `decoder_block`.
    """
    for i in range(1, num_layers + 1):
        x = decoder_block(x, memory, memory_mask, pre_norm=pre_norm, name=f"{name}{i}", **block)
    return _final_norm(x, name) if pre_norm else x


def encoder_decoder(x, y, source_mask, *, activation="relu", **blocks):
    """The transformer of 2017 between its embeddings and its scores.

    Args:
        x: embedded source, (B, T, D).
        y: embedded target, (B, S, D).
        source_mask: boolean, broadcasts to (B, S, T), True where the source may be attended to; None for
            everywhere.
        **blocks: of `encoder` and `decoder`.

    Returns:
        Tensor of shape (B, S, D). Weights for 6 + 6 layers of D=512, 8 heads, mlp_dim=2048: 44,138,496.
    """
    memory = encoder(x, source_mask, activation=activation, name="encoder_block", **blocks)
    memory = layers.Identity(name=MEMORY)(memory)
    return decoder(y, memory, source_mask, activation=activation, name="decoder_block", **blocks)


def _final_norm(x, name: str):
    stack = name.removesuffix("block")  # "encoder_" and "decoder_" where there are two
    return layers.LayerNormalization(epsilon=EPSILON, name=f"{stack}final_norm")(x)
    # (B, T, D)    2*D


def _attention(x, num_heads: int, name: str):
    embed_dim = x.shape[-1]
    checks.divides("num_heads", num_heads, "embed_dim", embed_dim)
    return layers.MultiHeadAttention(num_heads, embed_dim // num_heads, name=name)


def _check_mask(mask, queries, keys) -> None:
    """Broadcasting would make something of many a wrong mask, and nobody would see what it hides."""
    if mask is None:
        return
    wanted = (queries.shape[0], queries.shape[1], keys.shape[1])
    if len(mask.shape) != 3 or any(
        None not in (found, size) and found not in (1, size)
        for found, size in zip(mask.shape, wanted, strict=True)
    ):
        raise ArgumentError(
            f"`mask` must broadcast to (batch, queries, keys), {wanted}. Received: shape={tuple(mask.shape)}"
        )

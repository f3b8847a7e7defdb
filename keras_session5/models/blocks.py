"""The building blocks of the transformer of 2017, in the paper's order.

A sublayer is wrapped as in the paper, section 5.4: norm(x + dropout(sublayer(x))), called post-norm; or with
`pre_norm` as x + dropout(sublayer(norm(x))), which trains deep stacks without warm-up (Xiong et al. 2020).
GPT, BERT and ViT have blocks of their own, in their files.
"""

import math

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.errors import ArgumentError
from keras_session5.layers import CausalAttention, SinusoidalPositions

EPSILON = 1e-5  # of the layer normalisations: it only keeps a constant vector from a division by zero
MEMORY = "memory"  # name of the layer that holds the encoder's output


def check_sizes(
    embed_dim: int,
    num_layers: int,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    max_length: int = 1,
    pre_norm: bool = False,
) -> None:
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
    """Mask of shape (B, 1, T): every query may attend to the keys that are not padding, id 0."""
    return ops.expand_dims(ops.not_equal(tokens, 0), 1)


def residual_layers(name: str, dropout: float, epsilon: float = EPSILON):
    """The layers around a sublayer: normalisation, with 2*D weights, dropout and the residual's addition."""
    return (
        layers.LayerNormalization(epsilon=epsilon, name=f"{name}_norm"),
        layers.Dropout(dropout, name=f"{name}_dropout"),
        layers.Add(name=f"{name}_add"),
    )


def encoder_block(
    x, mask, num_heads: int, mlp_dim: int, dropout: float, pre_norm: bool = False, name: str = "block"
):
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
    checks.divides("num_heads", num_heads, "embed_dim", x.shape[-1])
    _check_mask(mask, x, x)

    attention = layers.MultiHeadAttention(num_heads, x.shape[-1] // num_heads, name=f"{name}_attention")
    norm, drop, add = residual_layers(f"{name}_attention", dropout)
    y = norm(x) if pre_norm else x
    x = add([x, drop(attention(y, y, attention_mask=mask))])
    x = x if pre_norm else norm(x)
    # (B, T, D)    4 * (D*D + D) + 2*D

    return feed_forward(x, mlp_dim, dropout, pre_norm, f"{name}_mlp")


def decoder_block(
    x,
    memory,
    memory_mask,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    pre_norm: bool = False,
    name: str = "block",
):
    """One decoder layer: causal self-attention, attention to the encoder's output, and feed-forward.

    Padding on the right needs no mask of its own here: it is the future of everything that counts.

    Args:
        x: tensor of shape (B, S, D); `num_heads` must divide D.
        memory: output of the encoder, (B, T, D).
        memory_mask: boolean tensor that broadcasts to (B, S, T), True where a query may attend to a key;
            None where every query may attend to every key.

    Returns:
        Tensor of shape (B, S, D). Weights for D=512, 8 heads, mlp_dim=2048: 4,204,032.

    Raises:
        ArgumentError: if `num_heads` does not divide D or the mask has another shape.
    """
    checks.divides("num_heads", num_heads, "embed_dim", x.shape[-1])
    _check_mask(memory_mask, x, memory)

    attention = CausalAttention(num_heads, x.shape[-1] // num_heads, name=f"{name}_attention")
    norm, drop, add = residual_layers(f"{name}_attention", dropout)
    y = norm(x) if pre_norm else x
    x = add([x, drop(attention(y))])
    x = x if pre_norm else norm(x)
    # (B, S, D)    4 * (D*D + D) + 2*D

    cross = layers.MultiHeadAttention(num_heads, x.shape[-1] // num_heads, name=f"{name}_cross")
    norm, drop, add = residual_layers(f"{name}_cross", dropout)
    y = norm(x) if pre_norm else x
    x = add([x, drop(cross(y, memory, attention_mask=memory_mask))])
    x = x if pre_norm else norm(x)
    # (B, S, D)    4 * (D*D + D) + 2*D

    return feed_forward(x, mlp_dim, dropout, pre_norm, f"{name}_mlp")


def feed_forward(x, mlp_dim: int, dropout: float, pre_norm: bool, name: str):
    """Two dense layers on every position, D -> mlp_dim -> D, with residual and normalisation."""
    norm, drop, add = residual_layers(name, dropout)
    y = norm(x) if pre_norm else x
    y = layers.Dense(mlp_dim, activation="relu", name=f"{name}_1")(y)
    # (B, T, mlp_dim)    D*mlp_dim + mlp_dim
    y = layers.Dense(x.shape[-1], name=f"{name}_2")(y)
    # (B, T, D)    mlp_dim*D + D
    x = add([x, drop(y)])
    return x if pre_norm else norm(x)
    # (B, T, D)    2*D


def encoder(
    x,
    mask,
    num_layers: int,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    pre_norm: bool = False,
    name: str = "block",
):
    """A stack of encoder blocks; with `pre_norm` a last normalisation follows.

    Args and returns are those of `encoder_block`.
    """
    for i in range(1, num_layers + 1):
        x = encoder_block(x, mask, num_heads, mlp_dim, dropout, pre_norm, f"{name}{i}")
    if pre_norm:
        stack = name.removesuffix("block")  # "encoder_" where there is a decoder, too
        x = layers.LayerNormalization(epsilon=EPSILON, name=f"{stack}final_norm")(x)
        # (B, T, D)    2*D
    return x


def encoder_decoder(
    x, y, source_mask, num_layers: int, num_heads: int, mlp_dim: int, dropout: float, pre_norm: bool = False
):
    """The transformer of 2017 between its embeddings and its scores.

    Args:
        x: embedded source, (B, T, D).
        y: embedded target, (B, S, D).
        source_mask: boolean, broadcasts to (B, S, T), True where the source may be attended to; None for
            everywhere.

    Returns:
        Tensor of shape (B, S, D). Weights for 6 + 6 layers of D=512, 8 heads, mlp_dim=2048: 44,138,496.
    """
    memory = encoder(x, source_mask, num_layers, num_heads, mlp_dim, dropout, pre_norm, "encoder_block")
    memory = layers.Identity(name=MEMORY)(memory)
    for i in range(1, num_layers + 1):
        name = f"decoder_block{i}"
        y = decoder_block(y, memory, source_mask, num_heads, mlp_dim, dropout, pre_norm, name)
    if pre_norm:
        y = layers.LayerNormalization(epsilon=EPSILON, name="decoder_final_norm")(y)
        # (B, S, D)    2*D
    return y


def _check_mask(mask, queries, keys) -> None:
    """Refuses a mask of another shape: broadcasting would accept many of them in silence."""
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

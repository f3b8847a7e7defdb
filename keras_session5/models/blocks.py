"""The building blocks of the 2017 transformer, in the paper's order.

By default a sublayer is post-norm, as in section 5.4 of the paper: norm(x + dropout(sublayer(x))). With
`pre_norm` it is x + dropout(sublayer(norm(x))), which trains deep stacks without warm-up (Xiong et al. 2020).
GPT, BERT and ViT define their own blocks in their own files.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.errors import ArgumentError
from keras_session5.layers import CausalAttention, SinusoidalPositions, gelu_tanh

EPSILON = 1e-5  # of the layer normalisations: avoids a division by zero on constant vectors
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
    """Checks the arguments that all transformers share.

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.
    """
    checks.positive_int("embed_dim", embed_dim)
    checks.positive_int("num_layers", num_layers)
    checks.positive_int("num_heads", num_heads)
    checks.divides("num_heads", num_heads, "embed_dim", embed_dim)
    checks.positive_int("mlp_dim", mlp_dim)
    checks.fraction("dropout", dropout)
    checks.positive_int("max_length", max_length)
    checks.one_of("pre_norm", pre_norm, [True, False])


def hidden_activation(name: str) -> Any:
    """Returns the activation of a feed-forward layer: GELU, exact or in the tanh approximation, or ReLU.

    Raises:
        ArgumentError: for any other.
    """
    checks.one_of("activation", name, ["gelu", "gelu_tanh", "relu"])
    return gelu_tanh if name == "gelu_tanh" else name


def embedding_layer(vocabulary_size: int, embed_dim: int, name: str = "embedding") -> Any:
    """Returns an embedding with V*D weights; called in reverse, it computes the logits of all tokens."""
    # Scaled by sqrt(D) in `embed`, the embeddings have unit variance, comparable to the positions.
    normal = keras.initializers.RandomNormal(stddev=embed_dim**-0.5)
    return layers.ReversibleEmbedding(vocabulary_size, embed_dim, embeddings_initializer=normal, name=name)


def embed(tokens: Any, embedding: Any, max_length: int, dropout: float, name: str = "embedding") -> Any:
    """Embeds token ids, scales by sqrt(D) and adds the sinusoidal positions.

    Args:
        tokens: ids of shape (B, T).
        embedding: layer from `embedding_layer`.

    Returns:
        Tensor of shape (B, T, D).
    """
    x = layers.Rescaling(math.sqrt(embedding.output_dim), name=f"{name}_scale")(embedding(tokens))
    positions = "positions" if name == "embedding" else f"{name}_positions"
    x = SinusoidalPositions(max_length, name=positions)(x)
    return layers.Dropout(dropout, name=f"{name}_dropout")(x)


def padding_mask(tokens: Any) -> Any:
    """Returns a mask of shape (B, 1, T): every query may attend to all keys except padding, id 0."""
    return ops.expand_dims(ops.not_equal(tokens, 0), 1)


def residual_layers(name: str, dropout: float, epsilon: float = EPSILON) -> tuple[Any, Any, Any]:
    """Returns the layers around a sublayer: normalisation (2*D weights), dropout and residual addition."""
    return (
        layers.LayerNormalization(epsilon=epsilon, name=f"{name}_norm"),
        layers.Dropout(dropout, name=f"{name}_dropout"),
        layers.Add(name=f"{name}_add"),
    )


def encoder_block(
    x: Any,
    mask: Any,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    pre_norm: bool = False,
    name: str = "block",
) -> Any:
    """Applies one encoder layer: self-attention and feed-forward, each with residual and normalisation.

    Args:
        x: tensor of shape (B, T, D); `num_heads` must divide D.
        mask: boolean tensor that broadcasts to (B, T, T), True where a query may attend to a key; None
            allows all pairs.

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
    x: Any,
    memory: Any,
    memory_mask: Any,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    pre_norm: bool = False,
    name: str = "block",
) -> Any:
    """Applies one decoder layer: causal self-attention, cross-attention to the encoder, and feed-forward.

    Target padding needs no mask: it is on the right, where the causal mask already hides it.

    Args:
        x: tensor of shape (B, S, D); `num_heads` must divide D.
        memory: output of the encoder, (B, T, D).
        memory_mask: boolean tensor that broadcasts to (B, S, T), True where a query may attend to a key;
            None allows all pairs.

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


def feed_forward(x: Any, mlp_dim: int, dropout: float, pre_norm: bool, name: str) -> Any:
    """Applies two dense layers to every position, D -> mlp_dim -> D, with residual and normalisation."""
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
    x: Any,
    mask: Any,
    num_layers: int,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    pre_norm: bool = False,
    name: str = "block",
) -> Any:
    """Applies a stack of encoder blocks, followed by a normalisation if `pre_norm`.

    Arguments and return value are as in `encoder_block`.
    """
    for i in range(1, num_layers + 1):
        x = encoder_block(x, mask, num_heads, mlp_dim, dropout, pre_norm, f"{name}{i}")
    if pre_norm:
        stack = name.removesuffix("block")  # "encoder_" if there is also a decoder
        x = layers.LayerNormalization(epsilon=EPSILON, name=f"{stack}final_norm")(x)
        # (B, T, D)    2*D
    return x


def encoder_decoder(
    x: Any,
    y: Any,
    source_mask: Any,
    num_layers: int,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    pre_norm: bool = False,
) -> Any:
    """Applies the 2017 transformer without its embeddings and output projection.

    Args:
        x: embedded source, (B, T, D).
        y: embedded target, (B, S, D).
        source_mask: boolean tensor that broadcasts to (B, S, T), True where a query may attend to the source;
            None allows all pairs.

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


def _check_mask(mask: Any, queries: Any, keys: Any) -> None:
    """Rejects a mask of the wrong shape, which broadcasting might silently accept."""
    if mask is None:
        return
    expected = (queries.shape[0], queries.shape[1], keys.shape[1])
    if len(mask.shape) != 3 or any(
        None not in (actual, size) and actual not in (1, size)
        for actual, size in zip(mask.shape, expected, strict=True)
    ):
        raise ArgumentError(
            f"`mask` must broadcast to (batch, queries, keys), {expected}. "
            f"Received: shape={tuple(mask.shape)}"
        )

"""The encoder half of the transformer, as a sequence classifier."""

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.layers import MaskedMaxPooling
from keras_session5.models.blocks import check_sizes, embed, embedding_layer, encoder, padding_mask


def build_transformer_encoder(
    vocabulary_size: int,
    num_classes: int,
    embed_dim: int = 64,
    num_layers: int = 2,
    num_heads: int = 8,
    mlp_dim: int = 256,
    dropout: float = 0.05,
    embed_dropout: float = 0.0,
    pool_dropout: float = 0.3,
    pre_norm: bool = False,
    pooling: str = "mean",
    max_length: int = 512,
) -> keras.Model:
    """Builds a transformer encoder with a softmax over its pooled outputs.

    Id 0 is padding: attention and pooling ignore it, and it does not affect the predictions.

    Args:
        vocabulary_size: number of token ids including padding, V.
        num_classes: number of classes.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of each sublayer's output dropped in training.
        embed_dropout: fraction of the embedding, positions included, dropped in training.
        pool_dropout: fraction of the pooled outputs dropped in training.
        pre_norm: whether to normalise before each sublayer instead of after it.
        pooling: `"mean"` or `"max"` over the positions.
        max_length: longest sequence, in tokens.

    Returns:
        Model from `tokens` (B, T), int32, T <= max_length, at least one nonzero id in each row, to
        `probabilities` (B, num_classes).

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        V D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + (D + 1) num_classes, and
        2 D more with `pre_norm`.

    Differences from the paper:
        Pooling and a softmax replace the decoder. The attention projections have biases, unlike those of
        section 3.2.2. By default there is no dropout of the embedding, which removes too much of short texts.

    Example:
        >>> build_transformer_encoder(vocabulary_size=100, num_classes=20).output_shape
        (None, 20)

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", NeurIPS 30.
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    checks.positive_int("num_classes", num_classes)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length, pre_norm)
    checks.one_of("pooling", pooling, ["mean", "max"])
    checks.fraction("embed_dropout", embed_dropout)
    checks.fraction("pool_dropout", pool_dropout)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = embed(tokens, embedding_layer(vocabulary_size, embed_dim), max_length, embed_dropout)
    # (B, T, D)    V*D
    x = encoder(x, padding_mask(tokens), num_layers, num_heads, mlp_dim, dropout, pre_norm)
    # (B, T, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D)

    pool = layers.GlobalAveragePooling1D if pooling == "mean" else MaskedMaxPooling
    x = pool(name="pool")(x, mask=ops.not_equal(tokens, 0))
    # (B, D)
    x = layers.Dropout(pool_dropout, name="pool_dropout")(x)
    outputs = layers.Dense(num_classes, activation="softmax", name="probabilities")(x)
    # (B, num_classes)    (D + 1) * num_classes
    return keras.Model(tokens, outputs, name="transformer_encoder")

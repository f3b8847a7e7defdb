"""The encoder half of the transformer, as a classifier of sequences."""

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.layers import MaskedMaxPooling
from keras_session5.models.blocks import check_sizes, embed, embedding_layer, encoder, padding_mask


def build_transformer_encoder(
    vocabulary_size,
    num_classes,
    embed_dim=64,
    num_layers=2,
    num_heads=8,
    mlp_dim=256,
    dropout=0.05,
    embed_dropout=0.0,
    pool_dropout=0.3,
    pre_norm=False,
    pooling="mean",
    max_length=512,
) -> keras.Model:
    """Builds a transformer encoder with a softmax over its pooled outputs.

    Id 0 is padding: no position attends to it, the pooling leaves it out, and no prediction depends
    on how much of it there is.

    Args:
        vocabulary_size: number of token ids, padding included.
        num_classes: number of classes.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction dropped after every sublayer in training.
        embed_dropout: fraction dropped of the sum of embedding and positions.
        pool_dropout: fraction dropped of the pooled outputs.
        pre_norm: normalise before each sublayer instead of after it.
        pooling: `"mean"` or `"max"` over the positions.
        max_length: longest sequence, in tokens.

    Returns:
        Model from `tokens` (B, T), int32, T <= max_length, at least one id of a row not 0, to
        `probabilities` (B, num_classes).

    Raises:
        ArgumentError: if a number is out of its range or `num_heads` does not divide `embed_dim`.

    Parameters:
        V D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + (D + 1) num_classes, and
        2 D more with `pre_norm`.

    Differences from the paper:
        The encoder alone, with pooling and a softmax in place of the decoder; the projections of attention
        have biases, and those of section 3.2.2 have none; by default no dropout of the embedding, which
        takes too much from texts of few characters.

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

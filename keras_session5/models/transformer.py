"""The transformer of 2017: an encoder that reads and a decoder that writes."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.models.blocks import (
    check_sizes,
    embed,
    embedding_layer,
    encoder_decoder,
    padding_mask,
)


def build_transformer(
    source_vocabulary_size,
    target_vocabulary_size,
    embed_dim=64,
    num_layers=2,
    num_heads=4,
    mlp_dim=256,
    dropout=0.05,
    pre_norm=False,
    max_length=128,
) -> keras.Model:
    """Builds the encoder-decoder of "Attention Is All You Need".

    The decoder sees all of the source but its padding (id 0), and of the target what it has written. It is
    trained with the target shifted by one (teacher forcing): a beginning in front, the end left out.

    Args:
        source_vocabulary_size: number of token ids of the source, padding included.
        target_vocabulary_size: number of token ids of the target, with padding, beginning and end, V.
        embed_dim: width of the embeddings and of every block, D.
        num_layers: number of encoder blocks, and of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction dropped of the embeddings and after every sublayer in training.
        pre_norm: normalise before each sublayer instead of after it.
        max_length: longest source and longest target, in tokens.

    Returns:
        Model from `source` (B, T) and `target` (B, S), int32, T and S <= max_length, to `logits` (B, S, V):
        of the target token after each.

    Raises:
        ArgumentError: if a number is out of its range or `num_heads` does not divide `embed_dim`.

    Parameters:
        (source V + target V) D + num_layers (12 (D D + D) + 2 (2 D mlp_dim + mlp_dim + D) + 5 * 2 D)
        + (D + 1) V, and 4 D more with `pre_norm`.

    Differences from the paper:
        The sizes; the projections of attention have biases, and those of section 3.2.2 have none; the source
        and the target have vocabularies of their own, and the last layer weights of its own (section 3.4
        shares all three), because a date's letters and an ISO date's digits have little in common. The paper
        gives neither initial weights nor an epsilon for the normalisation: they are Keras's and 1e-5.

    Example:
        >>> build_transformer(source_vocabulary_size=100, target_vocabulary_size=15).output_shape
        (None, None, 15)

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", NeurIPS 30.
    """
    checks.positive_int("source_vocabulary_size", source_vocabulary_size)
    checks.positive_int("target_vocabulary_size", target_vocabulary_size)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length, pre_norm)

    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    read = embedding_layer(source_vocabulary_size, embed_dim, name="source_embedding")
    written = embedding_layer(target_vocabulary_size, embed_dim, name="target_embedding")
    x = embed(source, read, max_length, dropout, name="source_embedding")
    # (B, T, D)    source V * D
    y = embed(target, written, max_length, dropout, name="target_embedding")
    # (B, S, D)    V*D

    y = encoder_decoder(x, y, padding_mask(source), num_layers, num_heads, mlp_dim, dropout, pre_norm)
    # (B, S, D)    num_layers * (4*(D*D + D) + 2*D*mlp_dim + mlp_dim + D + 2*2*D
    #                            + 8*(D*D + D) + 2*D*mlp_dim + mlp_dim + D + 3*2*D)

    logits = layers.Dense(target_vocabulary_size, name="logits")(y)
    # (B, S, V)    D*V + V
    return keras.Model([source, target], logits, name="transformer")


def build_transformer_layers(
    embed_dim=512, num_layers=6, num_heads=8, mlp_dim=2_048, dropout=0.1
) -> keras.Model:
    """Builds the layers of the transformer without its embeddings; the defaults are the paper's base size.

    The paper gives its vocabulary as "about 37000" tokens, so this is the part that can be counted exactly.
    With 37,000 embeddings, which source, target and scores share, it comes to 63 million; table 3 says 65.

    Args:
        embed_dim: width of the embeddings and of every block, D.
        num_layers: number of encoder blocks, and of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction dropped after every sublayer in training.

    Returns:
        Model from embedded `source` (B, T, D) and `target` (B, S, D) to `states` (B, S, D).

    Raises:
        ArgumentError: if a number is out of its range or `num_heads` does not divide `embed_dim`.

    Parameters:
        num_layers (12 (D D + D) + 2 (2 D mlp_dim + mlp_dim + D) + 5 * 2 D); 44,138,496 for the base size,
        counted, with 36,864 biases of attention.

    Differences from the paper:
        The projections of attention have biases, and those of section 3.2.2 have none.

    Example:
        >>> build_transformer_layers(num_layers=1).count_params()
        7356416

    Reference:
        Vaswani et al. (2017), "Attention Is All You Need", NeurIPS 30, table 3.
    """
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout)

    source = keras.Input((None, embed_dim), name="source")
    target = keras.Input((None, embed_dim), name="target")
    x = encoder_decoder(source, target, None, num_layers, num_heads, mlp_dim, dropout)
    # (B, S, D)    num_layers * (12*(D*D + D) + 2*(2*D*mlp_dim + mlp_dim + D) + 5*2*D)
    states = layers.Identity(name="states")(x)
    return keras.Model([source, target], states, name="transformer_layers")

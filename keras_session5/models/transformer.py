"""The 2017 transformer: an encoder for the source and a decoder that generates the target."""

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
    source_vocabulary_size: int,
    target_vocabulary_size: int,
    embed_dim: int = 64,
    num_layers: int = 2,
    num_heads: int = 4,
    mlp_dim: int = 256,
    dropout: float = 0.05,
    pre_norm: bool = False,
    max_length: int = 128,
) -> keras.Model:
    """Builds the encoder-decoder of "Attention Is All You Need".

    The decoder attends to the whole source except padding (id 0), and to the target generated so far. It is
    trained with teacher forcing: its input is the target shifted right by one, after a beginning token.

    Args:
        source_vocabulary_size: number of source token ids including padding.
        target_vocabulary_size: number of target token ids including padding, beginning and end, V.
        embed_dim: width of the embeddings and of every block, D.
        num_layers: number of encoder blocks, and also of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of the embeddings and of each sublayer's output dropped in training.
        pre_norm: whether to normalise before each sublayer instead of after it.
        max_length: longest source or target, in tokens.

    Returns:
        Model from `source` (B, T) and `target` (B, S), int32, T and S <= max_length, to `logits` (B, S, V)
        of the next target token.

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        (source V + target V) D + num_layers (12 (D D + D) + 2 (2 D mlp_dim + mlp_dim + D) + 5 * 2 D)
        + (D + 1) V, and 4 D more with `pre_norm`.

    Differences from the paper:
        The sizes differ. The attention projections have biases, unlike those of section 3.2.2. Source
        embedding, target embedding and output layer have separate weights (section 3.4 shares them), because
        written dates and ISO dates have few characters in common. The paper gives neither initial weights nor
        an epsilon for the normalisation; they are Keras's defaults and 1e-5.

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
    source_embedding = embedding_layer(source_vocabulary_size, embed_dim, name="source_embedding")
    target_embedding = embedding_layer(target_vocabulary_size, embed_dim, name="target_embedding")
    x = embed(source, source_embedding, max_length, dropout, name="source_embedding")
    # (B, T, D)    source V * D
    y = embed(target, target_embedding, max_length, dropout, name="target_embedding")
    # (B, S, D)    V*D

    y = encoder_decoder(x, y, padding_mask(source), num_layers, num_heads, mlp_dim, dropout, pre_norm)
    # (B, S, D)    num_layers * (4*(D*D + D) + 2*D*mlp_dim + mlp_dim + D + 2*2*D
    #                            + 8*(D*D + D) + 2*D*mlp_dim + mlp_dim + D + 3*2*D)

    logits = layers.Dense(target_vocabulary_size, name="logits")(y)
    # (B, S, V)    D*V + V
    return keras.Model([source, target], logits, name="transformer")


def build_transformer_layers(
    embed_dim: int = 512,
    num_layers: int = 6,
    num_heads: int = 8,
    mlp_dim: int = 2_048,
    dropout: float = 0.1,
) -> keras.Model:
    """Builds the transformer without its embeddings; the defaults are the paper's base size.

    The paper gives its vocabulary as "about 37000" tokens, so only these layers have an exact parameter
    count. With 37,000 shared embeddings the total is 63 million; table 3 of the paper gives 65 million.

    Args:
        embed_dim: width of the embeddings and of every block, D.
        num_layers: number of encoder blocks, and also of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of each sublayer's output dropped in training.

    Returns:
        Model from embedded `source` (B, T, D) and `target` (B, S, D) to `states` (B, S, D).

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        num_layers (12 (D D + D) + 2 (2 D mlp_dim + mlp_dim + D) + 5 * 2 D); 44,138,496 for the base size,
        including 36,864 attention biases.

    Differences from the paper:
        The attention projections have biases, unlike those of section 3.2.2.

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

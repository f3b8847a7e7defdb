"""BERT's objective on characters: an encoder that predicts masked tokens."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.models.blocks import (
    EPSILON,
    check_sizes,
    embed,
    embedding_layer,
    encoder,
    padding_mask,
)


def build_masked_language_model(
    vocabulary_size: int,
    embed_dim: int = 64,
    num_layers: int = 2,
    num_heads: int = 8,
    mlp_dim: int = 256,
    dropout: float = 0.05,
    max_length: int = 512,
) -> keras.Model:
    """Builds a transformer encoder that predicts the token at every position.

    Below the head, layers and their names match `build_transformer_encoder`, so that the classifier can start
    from these weights. Id 0 is padding, id 1 marks a masked token.

    Args:
        vocabulary_size: number of token ids including padding, V.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of each sublayer's output dropped in training.
        max_length: longest sequence, in tokens.

    Returns:
        Model from `tokens` (B, T), int32, T <= max_length, to `logits` (B, T, V) of the token at
        each position.

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        V D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + D D + D + 2 D.

    Differences from the paper:
        The blocks are those of `build_transformer_encoder`: sinusoidal positions, ReLU, the initial weights
        of 2017; `build_bert` has BERT's own. Tokens are characters instead of word pieces. There is one
        sequence, so neither segments nor next sentence prediction. The head is that of the released code
        (dense, GELU, normalisation, the embedding in reverse) without a bias for each token.

    Example:
        >>> build_masked_language_model(vocabulary_size=100).output_shape
        (None, None, 100)

    Reference:
        Devlin et al. (2019), "BERT: Pre-training of Deep Bidirectional Transformers", NAACL, section 3.1.
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = embedding_layer(vocabulary_size, embed_dim)
    x = embed(tokens, embedding, max_length, dropout=0.0)
    # (B, T, D)    V*D
    x = encoder(x, padding_mask(tokens), num_layers, num_heads, mlp_dim, dropout)
    # (B, T, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D)

    x = layers.Dense(embed_dim, activation="gelu", name="head")(x)
    # (B, T, D)    D*D + D
    x = layers.LayerNormalization(epsilon=EPSILON, name="head_norm")(x)
    # (B, T, D)    2*D
    logits = layers.Identity(name="logits")(embedding(x, reverse=True))
    # (B, T, V)    0: shares the embedding's weights
    return keras.Model(tokens, logits, name="masked_language_model")

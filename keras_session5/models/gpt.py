"""The decoder alone: a language model that writes on."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import LearnedPositions
from keras_session5.models.blocks import check_sizes, decoder


def build_gpt(
    vocabulary_size,
    max_length,
    embed_dim=128,
    num_layers=2,
    num_heads=4,
    mlp_dim=512,
    dropout=0.05,
    tied=True,
) -> keras.Model:
    """Builds a decoder-only transformer that says of every position which token comes next.

    A position sees itself and those before it: what follows changes no answer.

    Args:
        vocabulary_size: number of token ids, V.
        max_length: longest sequence, in tokens.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction dropped of the embedding and after every sublayer in training.
        tied: score the tokens with the embedding's own weights instead of a matrix of their own.

    Returns:
        Model from `tokens` (B, T), int32, T <= max_length, to `logits` (B, T, V): of the token after each.

    Raises:
        ArgumentError: if a number is out of its range or `num_heads` does not divide `embed_dim`.

    Parameters:
        V D + max_length D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + 2 D, and V D
        more unless `tied`.

    Differences from the paper:
        None from GPT-2 but the sizes: normalisation before each sublayer and after the last, gelu, learned
        positions, tied weights, no bias in the last layer. (GPT-1 normalises after each sublayer.)

    Example:
        >>> build_gpt(vocabulary_size=100, max_length=64).output_shape
        (None, None, 100)

    Reference:
        Radford et al. (2018), "Improving Language Understanding by Generative Pre-Training"; (2019),
        "Language Models are Unsupervised Multitask Learners".
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    checks.one_of("tied", tied, [True, False])
    blocks = {"num_layers": num_layers, "num_heads": num_heads, "mlp_dim": mlp_dim, "dropout": dropout}
    check_sizes(embed_dim=embed_dim, max_length=max_length, **blocks)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = layers.ReversibleEmbedding(
        vocabulary_size,
        embed_dim,
        tie_weights=tied,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.02),
        name="embedding",
    )
    x = LearnedPositions(max_length, name="positions")(embedding(tokens))
    # (B, T, D)    V*D + max_length*D
    x = layers.Dropout(dropout, name="embedding_dropout")(x)

    x = decoder(x, pre_norm=True, activation="gelu", **blocks)
    # (B, T, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D) + 2*D

    logits = layers.Identity(name="logits")(embedding(x, reverse=True))
    # (B, T, V)    0 where tied, else D*V
    return keras.Model(tokens, logits, name="gpt")

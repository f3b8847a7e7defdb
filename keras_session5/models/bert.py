"""BERT: the encoder alone, to be trained on hidden tokens and used for anything."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import LearnedPositions
from keras_session5.models.blocks import EPSILON, check_sizes, encoder, padding_mask


def build_bert(
    vocabulary_size=30_522,
    max_length=512,
    embed_dim=768,
    num_layers=12,
    num_heads=12,
    mlp_dim=3_072,
    num_segments=2,
    dropout=0.1,
) -> keras.Model:
    """Builds BERT's encoder with its pooler; the defaults are those of BERT-base, uncased.

    Id 0 is padding: no position attends to it.

    Args:
        vocabulary_size: number of token ids, V.
        max_length: longest sequence, in tokens.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        num_segments: number of segments, such as question and answer.
        dropout: fraction dropped of the embedding and after every sublayer in training.

    Returns:
        Model from `tokens` and `segments`, both (B, T), int32, T <= max_length, to `sequence` (B, T, D) and
        `pooled` (B, D), which reads the first token.

    Raises:
        ArgumentError: if a number is out of its range or `num_heads` does not divide `embed_dim`.

    Parameters:
        (V + max_length + num_segments) D + 2 D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D)
        + D D + D; 109,482,240 for BERT-base.

    Differences from the paper:
        No dropout of attention weights; epsilon of the normalisations 1e-5 instead of 1e-12.

    Example:
        >>> build_bert(100, embed_dim=32, num_layers=1, num_heads=2, mlp_dim=64).output_names
        ['sequence', 'pooled']

    Reference:
        Devlin et al. (2019), "BERT: Pre-training of Deep Bidirectional Transformers", NAACL.
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    checks.positive_int("num_segments", num_segments)
    blocks = {"num_layers": num_layers, "num_heads": num_heads, "mlp_dim": mlp_dim, "dropout": dropout}
    check_sizes(embed_dim=embed_dim, max_length=max_length, **blocks)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    segments = keras.Input((None,), dtype="int32", name="segments")
    normal = keras.initializers.TruncatedNormal(stddev=0.02)
    words = layers.Embedding(vocabulary_size, embed_dim, embeddings_initializer=normal, name="embedding")
    sides = layers.Embedding(num_segments, embed_dim, embeddings_initializer=normal, name="segment_embedding")
    x = layers.Add(name="embedding_add")([words(tokens), sides(segments)])
    # (B, T, D)    V*D + num_segments*D
    x = LearnedPositions(max_length, name="positions")(x)
    # (B, T, D)    max_length*D
    x = layers.LayerNormalization(epsilon=EPSILON, name="embedding_norm")(x)
    # (B, T, D)    2*D
    x = layers.Dropout(dropout, name="embedding_dropout")(x)

    x = encoder(x, padding_mask(tokens), activation="gelu", **blocks)
    # (B, T, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D)

    sequence = layers.Identity(name="sequence")(x)
    pooled = layers.Dense(embed_dim, activation="tanh", name="pooled")(x[:, 0])
    # (B, D)    D*D + D
    return keras.Model([tokens, segments], [sequence, pooled], name="bert")

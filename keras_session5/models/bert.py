"""BERT: the encoder alone, pre-trained on masked tokens and fine-tuned for any task."""

from typing import Any

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import LearnedPositions
from keras_session5.models.blocks import check_sizes, hidden_activation, padding_mask, residual_layers

EPSILON = 1e-12  # of the layer normalisations, from the released code


def build_bert(
    vocabulary_size: int = 30_522,
    max_length: int = 512,
    embed_dim: int = 768,
    num_layers: int = 12,
    num_heads: int = 12,
    mlp_dim: int = 3_072,
    num_segments: int = 2,
    dropout: float = 0.1,
    activation: str = "gelu",
    epsilon: float = EPSILON,
) -> keras.Model:
    """Builds BERT's encoder with its pooler; the defaults build BERT-base, uncased.

    Id 0 is padding: no position attends to it.

    Args:
        vocabulary_size: number of token ids, V.
        max_length: longest sequence, in tokens.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        num_segments: number of segments, such as question and answer.
        dropout: fraction of the embedding, the attention weights and each sublayer's output dropped in
            training.
        activation: of the feed-forward layers: "gelu", "gelu_tanh" for its tanh approximation, or "relu".
        epsilon: of the layer normalisations.

    Returns:
        Model from `tokens` and `segments`, both (B, T), int32, T <= max_length, to `sequence` (B, T, D) and
        `pooled` (B, D), computed from the first token.

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        (V + max_length + num_segments) D + 2 D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D)
        + D D + D; 109,482,240 for BERT-base.

    Differences from the paper:
        None. Details that the paper omits follow the released code: initial weights from a normal
        distribution of standard deviation 0.02, truncated at twice that, biases of zero, epsilon 1e-12. GELU
        is exact, as in the first release; later releases use the tanh approximation.

    Example:
        >>> build_bert(100, embed_dim=32, num_layers=1, num_heads=2, mlp_dim=64).output_names
        ['sequence', 'pooled']

    Reference:
        Devlin et al. (2019), "BERT: Pre-training of Deep Bidirectional Transformers", NAACL.
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    checks.positive_int("num_segments", num_segments)
    checks.above_zero("epsilon", epsilon)
    hidden = hidden_activation(activation)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    segments = keras.Input((None,), dtype="int32", name="segments")
    token_embedding = layers.Embedding(
        vocabulary_size, embed_dim, embeddings_initializer=_normal(), name="embedding"
    )
    segment_embedding = layers.Embedding(
        num_segments, embed_dim, embeddings_initializer=_normal(), name="segment_embedding"
    )
    x = layers.Add(name="embedding_add")([token_embedding(tokens), segment_embedding(segments)])
    # (B, T, D)    V*D + num_segments*D
    x = LearnedPositions(max_length, embeddings_initializer=_normal(), name="positions")(x)
    # (B, T, D)    max_length*D
    x = layers.LayerNormalization(epsilon=epsilon, name="embedding_norm")(x)
    # (B, T, D)    2*D
    x = layers.Dropout(dropout, name="embedding_dropout")(x)

    mask = padding_mask(tokens)
    for i in range(1, num_layers + 1):
        x = _block(x, mask, num_heads, mlp_dim, dropout, hidden, epsilon, name=f"block{i}")
    # (B, T, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D)

    sequence = layers.Identity(name="sequence")(x)
    pooled = layers.Dense(embed_dim, activation="tanh", kernel_initializer=_normal(), name="pooled")(x[:, 0])
    # (B, D)    D*D + D
    return keras.Model([tokens, segments], [sequence, pooled], name="bert")


def _block(
    x: Any,
    mask: Any,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    activation: Any,
    epsilon: float,
    name: str,
) -> Any:
    """Applies self-attention and feed-forward, each followed by a residual and a normalisation."""
    embed_dim = x.shape[-1]
    attention = layers.MultiHeadAttention(
        num_heads,
        embed_dim // num_heads,
        dropout=dropout,
        kernel_initializer=_normal(),
        name=f"{name}_attention",
    )
    norm, drop, add = residual_layers(f"{name}_attention", dropout, epsilon)
    x = norm(add([x, drop(attention(x, x, attention_mask=mask))]))
    # (B, T, D)    4 * (D*D + D) + 2*D

    norm, drop, add = residual_layers(f"{name}_mlp", dropout, epsilon)
    y = layers.Dense(mlp_dim, activation, kernel_initializer=_normal(), name=f"{name}_mlp_1")(x)
    # (B, T, mlp_dim)    D*mlp_dim + mlp_dim
    y = layers.Dense(embed_dim, kernel_initializer=_normal(), name=f"{name}_mlp_2")(y)
    # (B, T, D)    mlp_dim*D + D
    return norm(add([x, drop(y)]))
    # (B, T, D)    2*D


def _normal() -> keras.initializers.Initializer:
    """Returns a new initializer: one shared by several layers would give all of them the same weights."""
    return keras.initializers.TruncatedNormal(stddev=0.02)

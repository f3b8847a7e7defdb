"""GPT: a decoder-only language model."""

import math
from typing import Any

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import CausalAttention, LearnedPositions
from keras_session5.models.blocks import EPSILON, check_sizes, hidden_activation, residual_layers


def build_gpt(
    vocabulary_size: int,
    max_length: int,
    embed_dim: int = 128,
    num_layers: int = 2,
    num_heads: int = 4,
    mlp_dim: int = 512,
    dropout: float = 0.05,
    tied: bool = True,
    kernel_stddev: float = 0.02,
    activation: str = "gelu_tanh",
    epsilon: float = EPSILON,
) -> keras.Model:
    """Builds a decoder-only transformer that predicts the next token at every position.

    Each position attends only to itself and to earlier positions: later tokens do not affect its prediction.

    Args:
        vocabulary_size: number of token ids, V.
        max_length: longest sequence, in tokens.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of the embedding and of each sublayer's output dropped in training.
        tied: whether the output projection shares its weights with the embedding.
        kernel_stddev: standard deviation of the initial kernels; narrow networks learn faster with more than
            the papers' 0.02.
        activation: of the feed-forward layers: "gelu", "gelu_tanh" for its tanh approximation, or "relu".
        epsilon: of the layer normalisations.

    Returns:
        Model from `tokens` (B, T), int32, T <= max_length, to `logits` (B, T, V) of the next token.

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        V D + max_length D + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + 2 D, and V D
        more unless `tied`.

    Differences from the paper:
        The architecture is that of GPT-2, except for its sizes: normalisation before each sublayer and after
        the last, GELU in the tanh approximation, learned positions, tied weights, no bias in the last layer.
        Initial weights are N(0, 0.02) (2018, section 4.1), scaled by 1/sqrt(2 num_layers) in the last
        projection of each sublayer (2019, section 2.3); biases start at zero. The released code draws the
        positions from N(0, 0.01) and omits the scaling. There is no dropout of attention weights (2018,
        section 4.1), which lowers accuracy on short names. (GPT-1 normalises after each sublayer.)

    Example:
        >>> build_gpt(vocabulary_size=100, max_length=64).output_shape
        (None, None, 100)

    Reference:
        Radford et al. (2018), "Improving Language Understanding by Generative Pre-Training"; (2019),
        "Language Models are Unsupervised Multitask Learners".
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    checks.one_of("tied", tied, [True, False])
    checks.above_zero("kernel_stddev", kernel_stddev)
    checks.above_zero("epsilon", epsilon)
    hidden = hidden_activation(activation)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length)

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

    # The residual stream sums the outputs of 2 * num_layers sublayers, and so their variances.
    residual_stddev = kernel_stddev / math.sqrt(2 * num_layers)
    for i in range(1, num_layers + 1):
        stddevs = kernel_stddev, residual_stddev
        x = _block(x, num_heads, mlp_dim, dropout, hidden, epsilon, stddevs, name=f"block{i}")
    # (B, T, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D)
    x = layers.LayerNormalization(epsilon=epsilon, name="final_norm")(x)
    # (B, T, D)    2*D

    logits = layers.Identity(name="logits")(embedding(x, reverse=True))
    # (B, T, V)    0 if tied, else D*V
    return keras.Model(tokens, logits, name="gpt")


def _block(
    x: Any,
    num_heads: int,
    mlp_dim: int,
    dropout: float,
    activation: Any,
    epsilon: float,
    stddevs: tuple[float, float],
    name: str,
) -> Any:
    """Applies causal self-attention and feed-forward, each with a residual and a normalised input."""
    embed_dim, (stddev, residual_stddev) = x.shape[-1], stddevs
    attention = CausalAttention(
        num_heads,
        embed_dim // num_heads,
        kernel_initializer=_normal(stddev),
        output_initializer=_normal(residual_stddev),
        name=f"{name}_attention",
    )
    norm, drop, add = residual_layers(f"{name}_attention", dropout, epsilon)
    x = add([x, drop(attention(norm(x)))])
    # (B, T, D)    4 * (D*D + D) + 2*D

    norm, drop, add = residual_layers(f"{name}_mlp", dropout, epsilon)
    y = norm(x)
    y = layers.Dense(mlp_dim, activation, kernel_initializer=_normal(stddev), name=f"{name}_mlp_1")(y)
    # (B, T, mlp_dim)    D*mlp_dim + mlp_dim
    y = layers.Dense(embed_dim, kernel_initializer=_normal(residual_stddev), name=f"{name}_mlp_2")(y)
    # (B, T, D)    mlp_dim*D + D
    return add([x, drop(y)])
    # (B, T, D)    2*D


def _normal(stddev: float) -> keras.initializers.Initializer:
    """Returns a new initializer: one shared by several layers would give all of them the same weights."""
    return keras.initializers.RandomNormal(stddev=stddev)

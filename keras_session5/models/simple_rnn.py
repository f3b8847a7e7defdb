"""The simple recurrent network on characters."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import MaskedMaxPooling


def build_simple_rnn(
    vocabulary_size: int,
    num_classes: int,
    embed_dim: int = 96,
    units: int = 192,
    bidirectional: bool = True,
    pooling: str = "max",
    dropout: float = 0.3,
) -> keras.Model:
    """Builds embedding, `SimpleRNN` and softmax over sequences of token ids.

    The recurrence is h_t = tanh(x_t W_x + h_(t-1) W_h + b). Id 0 is padding: it is masked and does not affect
    the predictions.

    Args:
        vocabulary_size: number of token ids including padding, V.
        num_classes: number of classes.
        embed_dim: width of the embedding.
        units: width of the hidden state in each direction.
        bidirectional: whether a second network reads the sequence backwards.
        pooling: how the hidden states are reduced to one: `"last"`, `"max"` or `"mean"`.
        dropout: fraction of the pooled state dropped in training.

    Returns:
        Model from `tokens` (B, T), int32, at least one nonzero id in each row, to `probabilities`
        (B, num_classes).

    Raises:
        ArgumentError: if a number is out of range.

    Parameters:
        V embed_dim + directions * units (embed_dim + units + 1) + (directions * units + 1) num_classes.

    Differences from the paper:
        Elman predicts the next symbol from the last state; this network classifies the sequence from all
        states and, with `bidirectional` (Schuster and Paliwal 1997), reads it in both directions. His units
        are logistic and his symbol codes fixed; here the units are tanh and the embedding is learned. He
        treats the previous state as an input; here the gradient flows back through the whole sequence.

    Example:
        >>> build_simple_rnn(vocabulary_size=100, num_classes=20).output_shape
        (None, 20)

    Reference:
        J. L. Elman (1990), "Finding Structure in Time", Cognitive Science 14.
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    checks.positive_int("num_classes", num_classes)
    checks.positive_int("embed_dim", embed_dim)
    checks.positive_int("units", units)
    checks.one_of("bidirectional", bidirectional, [True, False])
    checks.one_of("pooling", pooling, ["last", "max", "mean"])
    checks.fraction("dropout", dropout)

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    # Embeddings from N(0, 1) match the range of tanh; Keras's default is twenty times smaller.
    x = layers.Embedding(
        vocabulary_size,
        embed_dim,
        mask_zero=True,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=1.0),
        name="embedding",
    )(tokens)
    # (B, T, D)    V*D

    # The gain of 0.5 starts the recurrence with a short memory: a few neighbouring characters reveal the
    # language of a name.
    rnn = layers.SimpleRNN(
        units,
        return_sequences=pooling != "last",
        recurrent_initializer=keras.initializers.Orthogonal(gain=0.5),
        name="rnn",
    )
    x = layers.Bidirectional(rnn, name="rnn")(x) if bidirectional else rnn(x)
    # (B, T, 2*units)    2 * units*(D + units + 1)
    if pooling == "mean":
        x = layers.GlobalAveragePooling1D(name="pool")(x)
    if pooling == "max":
        x = MaskedMaxPooling(name="pool")(x)
    # (B, 2*units)

    x = layers.Dropout(dropout, name="pool_dropout")(x)
    outputs = layers.Dense(num_classes, activation="softmax", name="probabilities")(x)
    # (B, num_classes)    (2*units + 1) * num_classes
    return keras.Model(tokens, outputs, name="simple_rnn")

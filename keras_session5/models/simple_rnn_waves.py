"""The simple recurrent network for a series: what comes next, and after that."""

import keras
from keras import layers, ops

from keras_session5 import checks


def build_simple_rnn_waves(units=(64, 64)) -> keras.Model:
    """Builds stacked `SimpleRNN` layers that forecast the next value of a series.

    Args:
        units: width of the hidden state of each layer, in order.

    Returns:
        Model from `series` (B, T, 1), float32, to `forecast` (B, 1): the value after the last.

    Raises:
        ArgumentError: if `units` is not a non-empty sequence of integers of at least 1.

    Parameters:
        Sum over the layers of u (i + u + 1), i being 1 or the width before, and u + 1 of the last;
        12,545 for two layers of 64.

    Differences from the paper:
        Elman's network reads symbols; this one reads numbers. Two layers, so that the second can follow what
        the first finds (a single one of 32 is no better than a linear forecast); tanh in place of logistic
        units; and the gradient goes back through the whole series, where he treats the state before as an
        input.

    Example:
        >>> build_simple_rnn_waves().count_params()
        12545

    Reference:
        J. L. Elman (1990), "Finding Structure in Time", Cognitive Science 14.
    """
    units = checks.positive_ints("units", units)
    checks.positive_int("len(units)", len(units))

    series = keras.Input((None, 1), name="series")
    x = series
    for i, width in enumerate(units, 1):
        x = layers.SimpleRNN(width, return_sequences=i < len(units), name=f"rnn{i}")(x)
        # (B, T, 64), the last (B, 64)    64 * (1 + 64 + 1); 64 * (64 + 64 + 1)
    outputs = layers.Dense(1, name="forecast")(x)
    # (B, 1)    64 + 1
    return keras.Model(series, outputs, name="simple_rnn_waves")


def forecast(model, series, steps: int):
    """Forecasts many steps ahead: each forecast is taken for the value, and the window moves on.

    Args:
        model: from (B, T, 1) to (B, 1), such as `build_simple_rnn_waves` builds.
        series: (B, T, 1).
        steps: how many values to forecast, H.

    Returns:
        Tensor of shape (B, H).
    """
    places = ops.arange(steps)

    def step(t, window, found):
        following = model(window, training=False)  # (B, 1)
        window = ops.concatenate([window[:, 1:], following[:, :, None]], axis=1)
        return t + 1, window, ops.where(places == t, following, found)

    found = ops.zeros((ops.shape(series)[0], steps))
    series = ops.cast(ops.convert_to_tensor(series), "float32")
    return ops.while_loop(lambda t, *_: t < steps, step, (0, series, found))[2]

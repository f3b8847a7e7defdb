"""The simple recurrent network for forecasting a series, one or several steps ahead."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_session5 import checks


def build_simple_rnn_waves(units: Sequence[int] = (64, 64)) -> keras.Model:
    """Builds stacked `SimpleRNN` layers that forecast the next value of a series.

    Args:
        units: width of each layer's hidden state, in order.

    Returns:
        Model from `series` (B, T, 1), float32, to `forecast` (B, 1), the next value.

    Raises:
        ArgumentError: if `units` is not a non-empty sequence of integers of at least 1.

    Parameters:
        The sum over all layers of u (i + u + 1), i being 1 or the previous width, plus u + 1 for the last
        width; 12,545 for two layers of 64.

    Differences from the paper:
        Elman's network reads symbols; this one reads numbers. It has two layers (a single layer of 32 units
        is no better than a linear forecast) and tanh in place of logistic units. The gradient flows back
        through the whole series, where Elman treats the previous state as an input.

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


def forecast(model: Any, series: Any, steps: int) -> Any:
    """Forecasts several steps ahead by appending each forecast to the input window.

    Args:
        model: model from (B, T, 1) to (B, 1), such as `build_simple_rnn_waves` builds.
        series: (B, T, 1).
        steps: number of values to forecast, H.

    Returns:
        Tensor of shape (B, H).
    """
    positions = ops.arange(steps)

    def step(t, window, forecasts):
        next_value = model(window, training=False)  # (B, 1)
        window = ops.concatenate([window[:, 1:], next_value[:, :, None]], axis=1)
        return t + 1, window, ops.where(positions == t, next_value, forecasts)

    forecasts = ops.zeros((ops.shape(series)[0], steps))
    series = ops.cast(ops.convert_to_tensor(series), "float32")
    return ops.while_loop(lambda t, *_: t < steps, step, (0, series, forecasts))[2]

"""The tab of the forecast: a series, value by value, and its continuation."""

import math
import re
from functools import partial

import gradio as gr
import numpy as np

from keras_session5 import pictures
from keras_session5.data.waves.signals import NUM_INPUTS, make_waves
from keras_session5.errors import ArgumentError
from keras_session5.playground.files import read_text
from keras_session5.playground.parts import (
    Event,
    LoadEvents,
    introduce,
    listen,
    listen_twice,
    picture,
    sentence,
    warning,
)
from keras_session5.playground.predictor import Predictor, show_errors
from keras_session5.playground.svg import to_svg

NETWORK = "simple_rnn_waves"
_WAVES, _SEED = 51, 1990
_MOST_VALUES = 200
_LARGEST = 100.0
_UNITS = 16


def parse_series(text: str | None) -> np.ndarray:
    """Returns the numbers of a text, (T, 1), separated by commas, semicolons, spaces or line ends.

    Raises:
        ArgumentError: if there are none or too many, or something else than numbers.
    """
    parts = re.split(r"[\s,;]+", (text or "").strip(" \n\r\t,;"))
    try:
        values = np.array([float(part) for part in parts])
    except ValueError:
        raise ArgumentError(
            "The series must be numbers, such as 0.5, 1.2, 0.9, one column of a CSV file."
        ) from None
    if len(values) > _MOST_VALUES:
        raise ArgumentError(f"The series must have at most {_MOST_VALUES} values. Received: {len(values)}.")
    if not all(math.isfinite(value) and abs(value) <= _LARGEST for value in values):
        raise ArgumentError(
            f"The values must be from -{_LARGEST:g} to {_LARGEST:g}. Divide them by a constant."
        )
    return values[:, None]


def make_series(number: float) -> str:
    """Returns a wave that the network has not seen as text, by its number."""
    _, waves = make_waves("random", _WAVES, _SEED)
    return ", ".join(f"{value:.2f}" for value in waves[int(number), :NUM_INPUTS])


def forecast(predictor: Predictor, text: str | None) -> str:
    """Returns the next values of a series as a sentence."""
    values = predictor.predict(NETWORK, "forecast", series=parse_series(text))["forecast"]
    return f"**The next {values.size} values:** {', '.join(f'{value:.2f}' for value in values.ravel())}"


def draw(predictor: Predictor, text: str | None) -> tuple[str, str, str]:
    """Draws the forecast of each value from those before it, the hidden states, and their path."""
    series = parse_series(text)
    outputs = predictor.predict(NETWORK, "explain", series=series)
    forecasts, states = outputs["prefix_forecasts"], outputs["states"]
    steps = [str(step) for step in range(1, len(series) + 1)]
    error = float(np.abs(series[1:, 0] - forecasts[:-1]).mean()) if len(series) > 1 else math.nan
    return (
        to_svg(
            pictures.prefix_forecasts(series, forecasts),
            f"A series of {len(series)} values and the forecast of each from those before it; the mean "
            f"absolute error is {error:.2f}, and the next value is {forecasts[-1]:.2f}",
        ),
        to_svg(
            pictures.states(states, steps, most=_UNITS),
            f"The {_UNITS} of {states.shape[1]} hidden units that change most, after each value",
        ),
        to_svg(pictures.state_path(states, steps), "The path of the hidden state, in two dimensions"),
    )


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Recurrent network: how does the series continue?",
        "The network reads one value after the other and forecasts the next. Choose a wave that it has not "
        "seen, a noisy sum of three sines, or type your own numbers, or give it a column of a CSV file.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            number = gr.Slider(0, _WAVES - 1, 0, step=1, label="Wave", buttons=[], elem_id="wave")
            text = gr.Textbox(make_series(0), label="Values", lines=4, max_lines=8, elem_id="series-text")
            upload = gr.UploadButton("Your CSV file", file_types=[".csv", ".txt"], elem_id="series-file")
            status = sentence("series-status")
        with gr.Column(scale=3):
            error, undrawn = warning(), warning(second=True)
            forecasts = picture("Each value, and its forecast", "forecasts")
            states = picture("The hidden state after each value", "series-states")
            path = picture("The path of the hidden state", "series-path")
    label: Event = (show_errors(1)(partial(forecast, predictor)), [text], [error, status])
    drawn: Event = (
        show_errors(3)(partial(draw, predictor)),
        [text],
        [undrawn, forecasts, states, path],
    )
    listen(number.change, (make_series, [number], [text]))
    listen(upload.upload, (show_errors(1, cleared=0)(read_text), [upload], [error, text]))
    return listen_twice(text.change, label, drawn)

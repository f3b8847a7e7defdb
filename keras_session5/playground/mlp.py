"""The tab of the multilayer perceptron: XOR and other data that no line separates."""

from collections.abc import Iterator

import gradio as gr
import numpy as np

from keras_session5.by_hand import NumpyMLP
from keras_session5.pictures import decision_surface
from keras_session5.playground.files import read_text
from keras_session5.playground.keras_code import generate_code
from keras_session5.playground.parts import (
    LoadEvents,
    introduce,
    listen,
    picture,
    render_table,
    sentence,
    table,
    warning,
)
from keras_session5.playground.points import EXAMPLE, NAMES, OWN, make_points, parse_points
from keras_session5.playground.predictor import show_errors
from keras_session5.playground.svg import to_svg

ACTIVATIONS = ("tanh", "relu", "sigmoid")
FRAMES = 20  # pictures during training
_FIRST_FRAME = 2  # steps
TABLE = ["first", "second", "class", "probability"]
_ROWS = 8  # samples in the table


def train(
    data: str,
    hidden: float,
    depth: float,
    activation: str,
    rate: float,
    steps: float,
    seed: float,
    points: str | None = None,
) -> Iterator[tuple[str, str, str, str]]:
    """Trains a network by gradient descent on the whole data set.

    Args:
        data: one of `points.NAMES`, or `points.OWN`.
        points: the samples of `points.OWN`, see `points.parse_points`.

    Yields:
        Picture, summary, predictions for the first samples, and the network as Keras code.
    """
    x, labels = parse_points(points) if data == OWN else make_points(data)
    model = NumpyMLP((2, *[int(hidden)] * int(depth), 1), activation, int(seed or 0))
    step = 0
    for frame in _space_frames(int(steps)):
        if frame > step:
            model.fit(x, labels, rate, frame - step)
        step = frame
        yield *_evaluate(model, x, labels, step), generate_code(model, activation, rate, int(steps))


def _space_frames(steps: int) -> list[int]:
    """Returns the numbers of steps after which to draw a picture, close together while most of it changes."""
    spaced = np.geomspace(min(_FIRST_FRAME, steps), steps, FRAMES).round().astype(int)
    return [0, *np.unique(spaced).tolist()]


def _evaluate(model: NumpyMLP, x: np.ndarray, labels: np.ndarray, step: int) -> tuple[str, str, str]:
    probabilities = model.predict(x)[:, 0]  # (N,)
    correct, loss = int(((probabilities >= 0.5) == labels).sum()), model.backward(x, labels)[0]
    text = f"**{correct} of {len(x)} correct** after {step:,} steps. Loss {loss:.4f}."
    rows = [
        [f"{a:.2f}", f"{b:.2f}", int(label), f"{probability:.4f}"]
        for (a, b), label, probability in zip(x[:_ROWS], labels, probabilities, strict=False)
    ]
    figure = decision_surface(lambda plane: model.predict(plane)[:, 0], x, labels)
    return (
        to_svg(figure, f"The predictions in the input plane. {text}".replace("**", "")),
        text,
        render_table(TABLE, rows),
    )


def add_tab() -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "XOR and the multilayer perceptron (1986)",
        "No line separates XOR. Each unit of a hidden layer defines its own line, and the output unit "
        "combines them. Choose a network, train it, and watch the decision boundary bend. "
        "Orange is class 1, blue is class 0.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            data = gr.Dropdown([*NAMES, OWN], value="gate: xor", label="Data")
            with gr.Row():
                hidden = gr.Slider(
                    1, 16, 4, step=1, label="Hidden units", min_width=150, buttons=[], elem_id="hidden"
                )
                depth = gr.Slider(1, 3, 1, step=1, label="Hidden layers", min_width=150, buttons=[])
            with gr.Row():
                activation = gr.Dropdown(list(ACTIVATIONS), value="tanh", label="Activation", min_width=140)
                rate = gr.Dropdown([0.1, 0.3, 1.0, 3.0], value=1.0, label="Learning rate", min_width=140)
            with gr.Row():
                steps = gr.Dropdown([200, 400, 800, 1600, 3200], value=1600, label="Steps", min_width=140)
                seed = gr.Slider(0, 20, 0, step=1, label="Seed", min_width=150, buttons=[])
            button = gr.Button("Train", variant="primary", elem_id="train")
            with gr.Accordion("Your own points", open=False):
                points = gr.Textbox(
                    EXAMPLE, label="Two numbers and a class in a line", lines=6, elem_id="points"
                )
                upload = gr.UploadButton("Your CSV file", file_types=[".csv", ".txt"], elem_id="points-file")
        with gr.Column(scale=3, min_width=360):
            text = sentence("mlp-status")
            surface = picture("Predictions in the input plane", "surface", caption=True)
        with gr.Column(scale=2, min_width=280):
            rows = table("Predictions for the first samples", "mlp-table")
    error = warning()
    with gr.Accordion("Copy as Keras: this network, with these weights, in the functional API", open=False):
        code = gr.Code(language="python", label="Python", elem_id="keras-code", max_lines=24)
    inputs = [data, hidden, depth, activation, rate, steps, seed, points]
    outputs = [error, surface, text, rows, code]
    event = show_errors(4)(train), inputs, outputs
    button.click(*event, show_progress="hidden", trigger_mode="always_last")
    listen(upload.upload, (show_errors(1, cleared=0)(read_text), [upload], [error, points]))
    points.input(lambda: OWN, [], data)
    upload.upload(lambda: OWN, [], data)
    return [event]

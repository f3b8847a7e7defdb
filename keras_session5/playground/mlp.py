"""The tab of the multilayer perceptron: XOR, and what else no single line separates."""

from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from keras_session5.by_hand import NumpyMLP
from keras_session5.pictures import decision_surface
from keras_session5.playground.keras_code import generate_code
from keras_session5.playground.parts import (
    LoadEvents,
    introduce,
    picture,
    render_table,
    sentence,
    table,
    warning,
)
from keras_session5.playground.points import NAMES, points
from keras_session5.playground.predictor import show_errors

ACTIVATIONS = ("tanh", "relu", "sigmoid")
FRAMES = 8  # pictures while it trains
TABLE = ["first", "second", "class", "answer"]
_ROWS = 8  # examples in the table


def train(
    data: str, hidden: float, depth: float, activation: str, rate: float, steps: float, seed: float
) -> Iterator[tuple[Any, str, str, str]]:
    """Trains a network by plain gradient descent on all examples at once.

    Yields:
        Picture, a sentence, what it answers to the first examples, and the network as Keras code.
    """
    x, labels = points(data)
    model = NumpyMLP((2, *[int(hidden)] * int(depth), 1), activation, int(seed or 0))
    per_frame = max(1, int(steps) // FRAMES)
    for frame in range(FRAMES + 1):
        if frame:
            model.fit(x, labels, rate, per_frame)
        step = frame * per_frame
        yield *_look(model, x, labels, step), generate_code(model, activation, rate, FRAMES * per_frame)


def _look(model: NumpyMLP, x: np.ndarray, labels: np.ndarray, step: int) -> tuple[Any, str, str]:
    answers = model.predict(x)[:, 0]  # (N,)
    right, loss = int(((answers >= 0.5) == labels).sum()), model.backward(x, labels)[0]
    told = f"**{right} of {len(x)} right** after {step:,} steps. Loss {loss:.4f}."
    rows = [
        [f"{a:.2f}", f"{b:.2f}", int(label), f"{answer:.4f}"]
        for (a, b), label, answer in zip(x[:_ROWS], labels, answers, strict=False)
    ]
    figure = decision_surface(lambda plane: model.predict(plane)[:, 0], x, labels)
    return figure, told, render_table(TABLE, rows)


def add_tab() -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "XOR and the multilayer perceptron (1986)",
        "No line separates XOR. Units in a hidden layer each draw a line of their own, and the output puts "
        "them together. Choose a network, train it, and watch the border between the classes bend.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=300):
            data = gr.Dropdown(list(NAMES), value="gate: xor", label="Data")
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
        with gr.Column(scale=3, min_width=360):
            told = sentence("mlp-told")
            surface = picture("What it answers over the plane", "surface", caption=True)
        with gr.Column(scale=2, min_width=280):
            rows = table("Its answers to the first examples", "mlp-table")
    wrong = warning()
    with gr.Accordion("Copy as Keras: this network, with these weights, in the functional API", open=False):
        code = gr.Code(language="python", label="Python", elem_id="keras-code", max_lines=24)
    inputs = [data, hidden, depth, activation, rate, steps, seed]
    outputs = [wrong, surface, told, rows, code]
    button.click(show_errors(4)(train), inputs, outputs, show_progress="hidden", trigger_mode="always_last")
    return [(show_errors(4)(train), inputs, outputs)]

"""The tab of the transformer encoder: attention between the letters of a name."""

from functools import partial
from typing import Any

import gradio as gr
import numpy as np

from keras_session5 import pictures
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "transformer_encoder"
ALL = "all"


def classify(
    predictor: Predictor, text: str | None, layer: str, head: str
) -> tuple[dict[str, float], Any, Any, Any]:
    """Predicts the language of a name and draws the attention of the encoder.

    Args:
        layer, head: numbers counted from 1, or `ALL`.

    Returns:
        Language -> probability, the picture of the attention, and the updated dropdowns for layer and head.
    """
    outputs = predictor.predict(NETWORK, "explain_text", text=check_text(text))
    characters = [character for character in outputs["characters"].tolist() if character]
    length = len(characters)
    weights = outputs["attention"][:, :, :length, :length]  # (L, H, T, T)
    probabilities = outputs["probabilities"]
    names = predictor.class_names(NETWORK, len(probabilities))
    num_layers, num_heads = weights.shape[:2]
    layers, heads = _select(layer, num_layers), _select(head, num_heads)
    figure = pictures.attention(
        weights[np.subtract(layers, 1)][:, np.subtract(heads, 1)],
        characters,
        characters,
        layers=layers,
        heads=heads,
    )
    prediction = dict(zip(names, probabilities.tolist(), strict=True))
    return prediction, figure, _update_dropdown(layer, num_layers), _update_dropdown(head, num_heads)


def _update_dropdown(choice: str | None, count: int) -> gr.Dropdown:
    numbers = [str(number) for number in range(1, count + 1)]
    return gr.Dropdown([ALL, *numbers], value=choice if choice in numbers else ALL)


def _select(choice: str | None, count: int) -> list[int]:
    """Returns the number of the chosen layer or head, or all numbers if the choice is not one of them."""
    numbers = range(1, count + 1)
    return [number for number in numbers if str(number) == choice] or list(numbers)


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Transformer: attention, head by head",
        "Each letter attends to all letters of the name. A row of the picture shows its attention weights, "
        "which sum to 1. Each head has learned to attend to different letters.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox("Frankreich", label="Name", max_lines=1, elem_id="attention-text")
            with gr.Row():
                # The numbers of layers and heads are known after the first prediction.
                options = {"allow_custom_value": True, "min_width": 120}
                layer = gr.Dropdown([ALL, "1", "2"], value="2", label="Layer", **options)
                head = gr.Dropdown([ALL], value=ALL, label="Head", **options)
            prediction = gr.Label(num_top_classes=5, label="Prediction", elem_id="attention-guess")
        with gr.Column(scale=3):
            error = warning()
            figure = picture("Attention of each letter (row) to each letter (column)", "attention")

    event = (
        show_errors(4, cleared=2)(partial(classify, predictor)),
        [text, layer, head],
        [error, prediction, figure, layer, head],
    )
    text.change(*event, show_progress="hidden", trigger_mode="always_last")
    gr.on([layer.input, head.input], *event, show_progress="hidden")
    return [event]

"""The tab of the transformer encoder: attention between the letters of a name."""

from functools import partial
from typing import Any

import gradio as gr
import numpy as np

from keras_session5 import pictures
from keras_session5.playground.parts import (
    Event,
    LoadEvents,
    introduce,
    listen,
    listen_twice,
    picture,
    warning,
)
from keras_session5.playground.predictor import Predictor, check_text, show_errors
from keras_session5.playground.svg import to_svg

NETWORK = "transformer_encoder"
ALL = "all"


def classify(predictor: Predictor, text: str | None) -> dict[str, float]:
    """Returns the probability of each language for a name."""
    probabilities = predictor.predict(NETWORK, "from_text", text=check_text(text))["probabilities"]
    return predictor.name_classes(NETWORK, probabilities)


def draw(predictor: Predictor, network: str, text: str | None, layer: str, head: str) -> tuple[str, Any, Any]:
    """Draws the attention between the letters of a text.

    Args:
        network: a served network with attention and a signature `explain_text`.
        layer, head: numbers counted from 1, or `ALL`.

    Returns:
        The picture, and the updated dropdowns for layer and head.
    """
    text = check_text(text)
    outputs = predictor.predict(network, "explain_text", text=text)
    characters = [character for character in outputs["characters"].tolist() if character]
    length = len(characters)
    weights = outputs["attention"][:, :, :length, :length]  # (L, H, T, T)
    num_layers, num_heads = weights.shape[:2]
    layers, heads = _select(layer, num_layers), _select(head, num_heads)
    chosen = weights[np.subtract(layers, 1)][:, np.subtract(heads, 1)]
    figure = pictures.attention(chosen, characters, characters, layers=layers, heads=heads)
    description = f"Attention between the letters of {text}. {_describe(chosen, characters, layers, heads)}"
    return to_svg(figure, description), _update(layer, num_layers), _update(head, num_heads)


def _describe(weights: np.ndarray, characters: list[str], layers: list[int], heads: list[int]) -> str:
    """Returns the greatest weight of all heads in words."""
    layer, head, query, key = np.unravel_index(int(weights.argmax()), weights.shape)
    return (
        f"The greatest weight, {weights.max():.2f}, is in layer {layers[layer]}, head {heads[head]}, from "
        f"{characters[query]} ({query + 1}) to {characters[key]} ({key + 1})"
    )


def _update(choice: str | None, count: int) -> gr.Dropdown:
    numbers = [str(number) for number in range(1, count + 1)]
    return gr.Dropdown([ALL, *numbers], value=choice if choice in numbers else ALL)


def _select(choice: str | None, count: int) -> list[int]:
    """Returns the number of the chosen layer or head, or all numbers if the choice is not one of them."""
    numbers = range(1, count + 1)
    return [number for number in numbers if str(number) == choice] or list(numbers)


def add_choice(layer: str) -> list[gr.Dropdown]:
    """Adds the dropdowns for layer and head; their other numbers are known after the first prediction."""
    options: dict[str, Any] = {"allow_custom_value": True, "min_width": 120}
    with gr.Row():
        return [
            gr.Dropdown([ALL, "1", "2"], value=layer, label="Layer", **options),
            gr.Dropdown([ALL], value=ALL, label="Head", **options),
        ]


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Transformer: attention, head by head",
        "Each letter, the query, attends to all letters of the name, the keys. A row of the picture shows "
        "its attention weights, which sum to 1. Each head has learned to attend to different letters.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox("Frankreich", label="Name", max_lines=1, elem_id="attention-text")
            choice = add_choice("2")
            prediction = gr.Label(num_top_classes=5, label="Prediction", elem_id="attention-guess")
        with gr.Column(scale=3):
            error, undrawn = warning(), warning(second=True)
            figure = picture("Attention of each letter (row) to each letter (column)", "attention")
    label: Event = (show_errors(1)(partial(classify, predictor)), [text], [error, prediction])
    drawn: Event = (
        show_errors(3, cleared=1)(partial(draw, predictor, NETWORK)),
        [text, *choice],
        [undrawn, figure, *choice],
    )
    listen([dropdown.input for dropdown in choice], drawn)
    return listen_twice(text.change, label, drawn)

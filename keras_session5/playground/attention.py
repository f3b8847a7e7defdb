"""The tab of the transformer encoder: which letter looks at which."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "transformer_encoder"
ALL = "all"


def read(
    predictor: Predictor, text: str | None, layer: str, head: str
) -> tuple[dict[str, float], Any, Any, Any]:
    """What the encoder makes of a name.

    Args:
        layer, head: counted from 1, or `ALL`.

    Returns:
        Language -> probability, the picture of the attention, and the choices of layer and head.
    """
    answer = predictor.predict(NETWORK, "explain_text", text=check_text(text))
    characters = [character for character in answer["characters"].tolist() if character]
    length = len(characters)
    weights = answer["attention"][:, :, :length, :length]  # (L, H, T, T)
    probabilities = answer["probabilities"]
    names = predictor.class_names(NETWORK, len(probabilities))
    layers, heads = (_chosen(one, size) for one, size in zip((layer, head), weights.shape, strict=False))
    chosen = weights[layers][:, heads]
    numbered, counted = ([one + 1 for one in some] for some in (layers, heads))
    drawn = pictures.attention(chosen, characters, characters, layers=numbered, heads=counted)
    num_layers, num_heads = weights.shape[:2]
    guess = dict(zip(names, probabilities.tolist(), strict=True))
    return guess, drawn, _choices(layer, num_layers), _choices(head, num_heads)


def _choices(one: str | None, size: int) -> gr.Dropdown:
    """As many as the network has."""
    numbers = [str(number) for number in range(1, size + 1)]
    return gr.Dropdown([ALL, *numbers], value=one if one in numbers else ALL)


def _chosen(one: str | None, size: int) -> list[int]:
    """Indices of a layer or head, or of all of them; a number that there is not means all."""
    return [int(one) - 1] if one and one.isdecimal() and 1 <= int(one) <= size else list(range(size))


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "Transformer: attention, head by head",
        "Every letter asks all the others and takes from each as much as its attention says; a row of the "
        "picture adds up to 1. Each head learned to look for something else.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox("Frankreich", label="Name", max_lines=1, elem_id="attention-text")
            with gr.Row():
                # How many there are is known with the first answer; until then no number is refused.
                look = {"allow_custom_value": True, "min_width": 120}
                layer = gr.Dropdown([ALL, "1", "2"], value="2", label="Layer", **look)
                head = gr.Dropdown([ALL], value=ALL, label="Head", **look)
            guess = gr.Label(num_top_classes=5, label="It says", elem_id="attention-guess")
        with gr.Column(scale=3):
            wrong = warning()
            drawn = picture("Where each letter (row) looks (column)", "attention")

    asking = (
        show_errors(4, cleared=2)(partial(read, predictor)),
        [text, layer, head],
        [wrong, guess, drawn, layer, head],
    )
    text.change(*asking, show_progress="hidden", trigger_mode="always_last")
    gr.on([layer.input, head.input], *asking, show_progress="hidden")
    return [asking]

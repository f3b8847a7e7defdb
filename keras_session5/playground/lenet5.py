"""The tab of LeNet-5: draw a digit and look into the network."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.playground import drawing
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, show_errors

NETWORKS = ("lenet5", "lenet5_1998")
_LAYERS = ("c1", "s2", "c3", "s4", "c5", "f6")  # the paper's names


def look(predictor: Predictor, network: str, url: str | None) -> tuple[dict[str, float], Any, Any]:
    """What a network sees in a drawing.

    Returns:
        Class -> probability, the picture of what it looked at, and of every feature map.
    """
    answer = predictor.predict(network, "explain_image_bytes", image_bytes=drawing.read_drawing(url))
    probabilities = answer["probabilities"]  # (C,)
    names = predictor.class_names(network, len(probabilities))
    seen = pictures.saliency(answer["image"][:, :, 0], answer["saliency"])
    maps = pictures.feature_maps({name: answer[name] for name in _LAYERS if name in answer})
    return dict(zip(names, probabilities.tolist(), strict=True)), seen, maps


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; it answers by itself when its field has been drawn."""
    introduce(
        "LeNet-5 (1998): draw a digit",
        "Every stroke is answered at once. The served model cuts your drawing out, scales it to the height "
        "of the training digits and sets it in the middle; the network sees 28 x 28 grey pixels of it.",
    )
    wrong = warning()
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            field = drawing.drawing_field()
            guess = gr.Label(num_top_classes=3, label="It says", elem_id="lenet5-guess")
            network = gr.Dropdown(list(NETWORKS), value=NETWORKS[0], label="Network")
        with gr.Column(scale=3):
            seen = picture("What it saw, and which pixels mattered", "saliency")
            maps = picture("Every feature map, layer by layer", "maps")

    asking = show_errors(3)(partial(look, predictor)), [network, field], [wrong, guess, seen, maps]
    field.input(*asking, show_progress="hidden", trigger_mode="always_last")
    network.input(*asking, show_progress="hidden")
    return []

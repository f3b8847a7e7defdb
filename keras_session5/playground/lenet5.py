"""The tab of LeNet-5: the prediction for a drawn digit, and the feature maps."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.playground import drawing
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, show_errors

NETWORKS = ("lenet5", "lenet5_1998")
_LAYERS = ("c1", "s2", "c3", "s4", "c5", "f6")  # the paper's names


def classify(predictor: Predictor, network: str, url: str | None) -> tuple[dict[str, float], Any, Any]:
    """Classifies a drawing.

    Returns:
        Class -> probability, the picture of the saliency, and the picture of all feature maps.
    """
    outputs = predictor.predict(network, "explain_image_bytes", image_bytes=drawing.read_drawing(url))
    probabilities = outputs["probabilities"]  # (C,)
    names = predictor.class_names(network, len(probabilities))
    saliency = pictures.saliency(outputs["image"][:, :, 0], outputs["saliency"])
    maps = pictures.feature_maps({name: outputs[name] for name in _LAYERS if name in outputs})
    return dict(zip(names, probabilities.tolist(), strict=True)), saliency, maps


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; the drawing field triggers the first prediction."""
    introduce(
        "LeNet-5 (1998): draw a digit",
        "Every stroke updates the prediction. The served model crops your drawing, scales it to the height "
        "of the training digits and centres it; the input of the network is 28 x 28 greyscale pixels.",
    )
    error = warning()
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            field = drawing.drawing_field()
            prediction = gr.Label(num_top_classes=3, label="Prediction", elem_id="lenet5-guess")
            network = gr.Dropdown(list(NETWORKS), value=NETWORKS[0], label="Network")
        with gr.Column(scale=3):
            saliency = picture("The input image, and the influence of each pixel", "saliency")
            maps = picture("All feature maps, layer by layer", "maps")

    event = (
        show_errors(3)(partial(classify, predictor)),
        [network, field],
        [error, prediction, saliency, maps],
    )
    field.input(*event, show_progress="hidden", trigger_mode="always_last")
    network.input(*event, show_progress="hidden")
    return []

"""The tabs of the networks that see a drawing: the prediction, and the values inside the network."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from keras_session5.errors import ArgumentError, NotFoundError, Session5Error
from keras_session5.pictures import selection
from keras_session5.playground import drawing, grids
from keras_session5.playground.parts import LoadEvents, introduce
from keras_session5.playground.predictor import Outputs, Predictor

_TOP = 3  # classes in the label
_BEHAVIOUR = Path(drawing.__file__).with_suffix(".js").read_text("utf-8")
_TEMPLATE = """
<div class="field" id="{prefix}drawing">
<canvas width="280" height="280" role="img" aria-label="Field to draw in with a pointer"></canvas>
<div class="buttons">
<button class="example" type="button">Draw an example</button>
<button class="clear" type="button">Clear</button>
<label>Your image <input type="file" accept="image/*"></label>
</div>
<p class="status" role="alert"></p>
<label class="network"{hidden}>Network <select>{options}</select></label>
</div>
<div class="answer">
<p class="prose warning" role="alert"></p>
<h4>Prediction</h4>
<div class="guess" id="{label}" role="status"></div>
<div class="grids saliency" id="{prefix}saliency"></div>
<div class="grids maps" id="{prefix}maps"></div>
</div>
"""


@dataclass(frozen=True)
class Drawn:
    """One tab.

    Attributes:
        title, text: introduction.
        networks: served networks, the first of which is chosen at first.
        prefix: of the ids of the components, "" for none.
        label: id of the prediction.
        examples: drawings, each a list of strokes, each a list of places (x, y) in pixels from 0 to 280.
        pen: width of the pen in pixels, and the form of its ends.
        missing: what to say while the network is not served, if not the usual sentence.
    """

    title: str
    text: str
    networks: Sequence[str]
    prefix: str
    label: str
    examples: Any = drawing.DIGITS
    pen: Any = drawing.ROUND
    missing: str = ""


LENET5 = Drawn(
    "LeNet-5 (1998): draw a digit",
    "Every stroke updates the prediction. The served model crops your drawing, scales it to the height "
    "of the training digits and centres it; the input of the network is 28 x 28 greyscale pixels.",
    ("lenet5", "lenet5_1998", "mlp"),
    "",
    "lenet5-guess",
)
PHOTO_PERCEPTRON = Drawn(
    "The perceptron of 1958: a square on the left or on the right",
    "Its 20 x 20 photocells see a card. A thousand units are connected to them at random and never learn; "
    "the last unit learned from a hundred cards on which side the square is. Click into the field, "
    "or press *Draw an example*.",
    ("photo_perceptron",),
    "card-",
    "card-guess",
    drawing.SQUARES,
    drawing.SQUARE,
)
VIT = Drawn(
    "ViT (2021): an image as a sequence of patches",
    "The image is cut into patches, and a transformer encoder reads them like words. The class token, whose "
    "vector is classified, attends to the patches that matter: each head of each layer has a map.",
    ("vit",),
    "vit-",
    "vit-guess",
)


def classify(predictor: Predictor, tab: Drawn, network: str, url: str | None) -> dict[str, Any]:
    """Classifies a drawing.

    Returns:
        "label", the likeliest classes with their probabilities; "saliency" and "maps", groups of `grids` for
        the image and for all that is inside the network; "error", a sentence, or "" if there is none.
    """
    found: dict[str, Any] = {"error": "", "label": [], "saliency": [], "maps": []}
    try:
        outputs = predictor.predict(network, "explain_image_bytes", image_bytes=drawing.read_drawing(url))
        probabilities = _name_classes(predictor, network, outputs)
    except Session5Error as error:
        own_sentence = tab.missing and isinstance(error, NotFoundError)
        return found | {"error": tab.missing if own_sentence else error.sentence}
    best = sorted(probabilities.items(), key=lambda one: -one[1])[:_TOP]
    saliency = grids.saliency(outputs["image"], outputs["saliency"])
    return found | {"label": best, "saliency": saliency, "maps": _draw_inside(outputs)}


def _name_classes(predictor: Predictor, network: str, outputs: Outputs) -> dict[str, float]:
    """Returns the probability of each class, from the output that is named so or is the only one like it."""
    name = next((name for name in ("probabilities", "fires") if name in outputs), None)
    if name is None:  # not a network of the course
        info = predictor.client.metadata(network).signatures["serving_default"]
        name = next((name for name in info.outputs if np.ndim(outputs[name]) == 1), None)
        if name is None:
            raise ArgumentError(
                f"The network must have an output with a score for each class. Received: {network}"
            )
    scores = np.asarray(outputs[name], float)
    if len(scores) == 1:  # of the second class
        scores = np.array([1 - scores[0], scores[0]])
    if scores.min() < 0 or scores.sum() > 1.01:  # before the softmax
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
    return predictor.name_classes(network, scores)


def _draw_inside(outputs: Outputs) -> list[grids.Group]:
    """Returns the attention of a class token, the feature maps, or the units of all layers."""
    if selection.has_class_token(outputs):
        return grids.feature_maps(selection.class_token_maps(outputs["attention"]))
    maps = selection.feature_maps(outputs)
    activations = {name: units for name, (_, units) in selection.units(outputs).items()}
    return grids.feature_maps(maps or activations)


def add_tab(predictor: Predictor, tab: Drawn) -> LoadEvents:
    """Adds the tab, whose field asks for the first prediction; returns the event that repeats the request."""
    introduce(tab.title, tab.text)

    def classify_drawing(request: list[str]) -> dict[str, Any]:
        network, url = request
        return classify(predictor, tab, network, url)

    options = "".join(f"<option>{escape(name)}</option>" for name in tab.networks)
    hidden = "" if len(tab.networks) > 1 else " hidden"
    field = gr.HTML(
        html_template=_TEMPLATE.format(prefix=tab.prefix, label=tab.label, hidden=hidden, options=options),
        js_on_load=_BEHAVIOUR,
        elem_classes="drawn",
        server_functions=[classify_drawing],
        examples=tab.examples,
        pen=tab.pen,
        palettes=grids.palettes(),
        refresh=0,
    )
    return [(lambda: gr.HTML(refresh=time.time()), [], [field])]

"""The tab of the masked language model: gaps in a name, filled from both sides."""

from functools import partial

import gradio as gr
import numpy as np

from keras_session5.catalog import NETWORKS
from keras_session5.data import DATA_SETS
from keras_session5.data.characters import FIRST_CHARACTER_ID
from keras_session5.pictures import style
from keras_session5.playground import attention
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

NETWORK = "masked_language_model"
GAP = "_"


def fill(predictor: Predictor, text: str | None) -> tuple[str, dict[str, float]]:
    """Returns a text with its gaps filled, and the probability of each character for the first gap."""
    text = check_text(text)
    outputs = predictor.predict(NETWORK, "explain_text", text=text)
    alphabet = DATA_SETS[NETWORKS[NETWORK].data or ""].alphabet
    letters = slice(FIRST_CHARACTER_ID, FIRST_CHARACTER_ID + len(alphabet))
    gap = next((i for i, one in enumerate(text) if one not in alphabet), 0)
    scores = outputs["logits"][gap, letters]
    shares = np.exp(scores - scores.max())
    shares /= shares.sum()
    return str(outputs["text"]), dict(zip(map(style.shown, alphabet), shares.tolist(), strict=False))


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "BERT's task: fill the gaps",
        f"A masked language model sees the letters on both sides of a gap. Write {GAP} for each "
        "missing letter.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox("D_utschland", label="Name with gaps", max_lines=1, elem_id="masked-text")
            gr.Examples(["D_utschland", "Magyar_rszág", "Frankr__ch", "_sterreich"], text)
            filled = gr.Textbox(label="Filled", interactive=False, elem_id="masked-filled")
            letters = gr.Label(num_top_classes=5, label="The first gap", elem_id="masked-guess")
            choice = attention.add_choice("2")
        with gr.Column(scale=3):
            error, undrawn = warning(), warning(second=True)
            figure = picture("Attention of each letter (row) to each letter (column)", "masked-attention")
    label: Event = (show_errors(2)(partial(fill, predictor)), [text], [error, filled, letters])
    drawn: Event = (
        show_errors(3, cleared=1)(partial(attention.draw, predictor, NETWORK)),
        [text, *choice],
        [undrawn, figure, *choice],
    )
    listen([dropdown.input for dropdown in choice], drawn)
    return listen_twice(text.change, label, drawn)

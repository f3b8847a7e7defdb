"""The tab of the recurrent network: the language of a name, letter by letter."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "simple_rnn"


def classify(predictor: Predictor, text: str | None) -> tuple[dict[str, float], Any, Any]:
    """Predicts the language of a name, letter by letter.

    Returns:
        Language -> probability, the picture of the predictions, and the picture of the hidden states.
    """
    outputs = predictor.predict(NETWORK, "explain_text", text=check_text(text))
    characters = [character for character in outputs["characters"].tolist() if character]
    length = len(characters)
    probabilities = outputs["probabilities"]  # (C,)
    names = predictor.class_names(NETWORK, len(probabilities))
    predictions = pictures.prefix_probabilities(outputs["prefix_probabilities"][:length], characters, names)
    states = pictures.states(outputs["states"][:length], characters)
    return dict(zip(names, probabilities.tolist(), strict=True)), predictions, states


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Recurrent network: in which language is this name?",
        "The network reads one letter at a time and summarises them in its hidden state. Type a country, a "
        "language or a currency, and watch the prediction change with every letter.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox("Frankreich", label="Name", max_lines=1, elem_id="rnn-text")
            gr.Examples(["Deutschland", "Magyarország", "Île Maurice", "złoty polski", "svenska"], text)
            prediction = gr.Label(num_top_classes=5, label="Prediction", elem_id="rnn-guess")
        with gr.Column(scale=3):
            error = warning()
            predictions = picture("The prediction after each letter", "prefixes")
            states = picture("The hidden state after each letter", "states")

    event = (
        show_errors(3)(partial(classify, predictor)),
        [text],
        [error, prediction, predictions, states],
    )
    text.change(*event, show_progress="hidden", trigger_mode="always_last")
    return [event]

"""The tab of the recurrent network: a name, letter by letter."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "simple_rnn"


def read(predictor: Predictor, text: str | None) -> tuple[dict[str, float], Any, Any]:
    """What the network makes of a name, letter by letter.

    Returns:
        Language -> probability, the picture of the changing guess, and of the hidden state.
    """
    answer = predictor.predict(NETWORK, "explain_text", text=check_text(text))
    characters = [character for character in answer["characters"].tolist() if character]
    length = len(characters)
    probabilities = answer["probabilities"]  # (C,)
    names = predictor.class_names(NETWORK, len(probabilities))
    guesses = pictures.prefix_probabilities(answer["prefix_probabilities"][:length], characters, names, top=5)
    states = pictures.states(answer["states"][:length], characters)
    return dict(zip(names, probabilities.tolist(), strict=True)), guesses, states


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "Recurrent network: in which language is this name?",
        "It reads one letter after the other and keeps what it has read in its hidden state. Type a country, "
        "a language or a currency, and watch the guess change with every letter.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            text = gr.Textbox("Frankreich", label="Name", max_lines=1, elem_id="rnn-text")
            gr.Examples(["Deutschland", "Magyarország", "Île Maurice", "złoty polski", "svenska"], text)
            guess = gr.Label(num_top_classes=5, label="It says", elem_id="rnn-guess")
        with gr.Column(scale=3):
            wrong = warning()
            guesses = picture("The guess after each letter", "prefixes")
            states = picture("The hidden state after each letter", "states")

    asking = show_errors(3)(partial(read, predictor)), [text], [wrong, guess, guesses, states]
    text.change(*asking, show_progress="hidden", trigger_mode="always_last")
    return [asking]

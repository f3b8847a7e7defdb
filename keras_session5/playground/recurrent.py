"""The tab of the recurrent network: the language of a name, letter by letter."""

from functools import partial

import gradio as gr

from keras_session5 import pictures
from keras_session5.playground.parts import Event, LoadEvents, introduce, listen_twice, picture, warning
from keras_session5.playground.predictor import Predictor, best, check_text, show_errors
from keras_session5.playground.svg import to_svg

NETWORK = "simple_rnn"
_UNITS = 16  # in the picture of the states


def classify(predictor: Predictor, text: str | None) -> dict[str, float]:
    """Returns the probability of each language for a name."""
    probabilities = predictor.predict(NETWORK, "from_text", text=check_text(text))["probabilities"]
    return predictor.name_classes(NETWORK, probabilities)


def draw(predictor: Predictor, text: str | None) -> tuple[str, str, str]:
    """Draws what happens letter by letter: the predictions, the hidden states, and their path."""
    text = check_text(text)
    outputs = predictor.predict(NETWORK, "explain_text", text=text)
    characters = [character for character in outputs["characters"].tolist() if character]
    length = len(characters)
    states, prefixes = outputs["states"][:length], outputs["prefix_probabilities"][:length]
    names = list(predictor.name_classes(NETWORK, prefixes[-1]))
    steps = ", ".join(
        f"{text[: i + 1]}: {best(dict(zip(names, row, strict=True)))}" for i, row in enumerate(prefixes)
    )
    return (
        to_svg(pictures.prefix_probabilities(prefixes, characters, names), f"The prediction after {steps}"),
        to_svg(
            pictures.states(states, characters, most=_UNITS),
            f"The {_UNITS} of {states.shape[1]} hidden units that change most, after each letter of {text}",
        ),
        to_svg(
            pictures.state_path(states, characters),
            f"The path of the hidden state through the letters of {text}, in two dimensions",
        ),
    )


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
            error, undrawn = warning(), warning(second=True)
            predictions = picture("The prediction after each letter", "prefixes")
            with gr.Row():
                states = picture("The hidden state after each letter", "states")
                path = picture("The path of the hidden state", "path")
    label: Event = (show_errors(1)(partial(classify, predictor)), [text], [error, prediction])
    drawn: Event = (
        show_errors(3)(partial(draw, predictor)),
        [text],
        [undrawn, predictions, states, path],
    )
    return listen_twice(text.change, label, drawn)

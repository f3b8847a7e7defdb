"""The tabs of the networks from text to text, with the attention of their decoders."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import gradio as gr

from keras_session5 import pictures
from keras_session5.pictures import style
from keras_session5.playground.parts import Event, LoadEvents, introduce, listen_twice, picture, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors
from keras_session5.playground.svg import to_svg


@dataclass(frozen=True)
class Translated:
    """One tab.

    Attributes:
        network: served network.
        title, text: introduction.
        source, target: labels of the input and the output.
        examples: inputs, the first of which is shown at first.
        prefix: of the ids of the components.
        figure: id of the picture.
    """

    network: str
    title: str
    text: str
    source: str
    target: str
    examples: Sequence[str]
    prefix: str
    figure: str


DATES = Translated(
    "transformer",
    "Transformer: from a date in words to an ISO date",
    "The encoder reads a date in one of twenty languages. The decoder generates year, month and day, and "
    "for every character attends to the relevant letters of the source.",
    "Date",
    "ISO date",
    ("12 mars 2020", "Montag, 3. August 1998", "12 de octubre de 1992", "10 gru 2031", "May 7, 1987"),
    "date",
    "cross",
)
TEXT_TO_TEXT = Translated(
    "text_to_text",
    "T5's idea: every task is text to text",
    "One network does two tasks. The first word says which: the language of a name, or the ISO form of a "
    "date.",
    "Task and text",
    "Answer",
    ("language: Frankreich", "iso: 12 mars 2020", "language: Magyarország", "iso: May 7, 1987"),
    "t5",
    "t5-cross",
)


def translate(predictor: Predictor, network: str, text: str | None) -> str:
    """Returns the text that the network generates from a text."""
    return str(predictor.predict(network, "from_text", text=check_text(text))["text"])


def draw(predictor: Predictor, network: str, text: str | None) -> str | None:
    """Draws the cross-attention, the mean of all layers and heads."""
    outputs = predictor.predict(network, "explain_text", text=check_text(text))
    source = [character for character in outputs["characters"].tolist() if character]
    target = [character for character in outputs["target_characters"].tolist() if character]
    if not target:  # a network after little training may generate nothing
        return None
    weights = outputs["cross_attention"][:, :, : len(target), : len(source)]  # (L, H, S, T)
    mean = weights.mean((0, 1), keepdims=True)
    figure = pictures.attention(mean, target, source)
    figure.axes[0].set_title("mean of all layers and heads", fontsize=9)
    figure.supxlabel("key: character of the source", fontsize=10)
    figure.supylabel("query: generated character", fontsize=10)
    # A single head can use the full width, with a label for every letter.
    figure.set_size_inches(min(1.5 + 0.32 * len(source), 9), 4.2)
    style.label_steps(figure.axes[0], "x", source, size=10)
    style.label_steps(figure.axes[0], "y", target, size=10)
    pairs = ", ".join(
        f"{one} to {source[int(row.argmax())]}" for one, row in zip(target, mean[0, 0], strict=True)
    )
    return to_svg(figure, f"Cross-attention from {text} to {''.join(target)}: mostly from {pairs}")


def add_tab(predictor: Predictor, tab: Translated) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(tab.title, tab.text)
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=280):
            text = gr.Textbox(tab.examples[0], label=tab.source, max_lines=1, elem_id=f"{tab.prefix}-text")
            gr.Examples(list(tab.examples), text)
            found = gr.Textbox(label=tab.target, interactive=False, elem_id=f"{tab.prefix}-found")
        with gr.Column(scale=3):
            error, undrawn = warning(), warning(second=True)
            figure = picture("Cross-attention of the decoder, mean of all layers and heads", tab.figure)
    label: Event = (show_errors(1)(partial(translate, predictor, tab.network)), [text], [error, found])
    drawn: Event = (show_errors(1)(partial(draw, predictor, tab.network)), [text], [undrawn, figure])
    return listen_twice(text.change, label, drawn)

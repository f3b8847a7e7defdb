"""The tab of the dates: a transformer that translates, with the attention of its decoder."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5 import pictures
from keras_session5.pictures import style
from keras_session5.playground.parts import LoadEvents, introduce, picture, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "transformer"
EXAMPLES = ("12 mars 2020", "Montag, 3. August 1998", "12 de octubre de 1992", "10 gru 2031", "May 7, 1987")


def translate(predictor: Predictor, text: str | None) -> tuple[str, Any]:
    """Translates a date into ISO 8601; returns the ISO date and the picture of the cross-attention."""
    outputs = predictor.predict(NETWORK, "explain_text", text=check_text(text))
    source = [character for character in outputs["characters"].tolist() if character]
    target = [character for character in outputs["target_characters"].tolist() if character]
    if not target:  # a network after little training may generate nothing
        return "", None
    weights = outputs["cross_attention"][:, :, : len(target), : len(source)]  # (L, H, S, T)
    mean = weights.mean((0, 1), keepdims=True)  # over all layers and heads
    figure = pictures.attention(mean, target, source)
    figure.axes[0].set_title("generated character (row), source character (column)", fontsize=9)
    # A single head can use the full width, with a label for every letter.
    figure.set_size_inches(min(1.5 + 0.32 * len(source), 9), 4.2)
    style.label_steps(figure.axes[0], "x", source, size=10)
    style.label_steps(figure.axes[0], "y", target, size=10)
    return str(outputs["text"]), figure


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "Transformer: from a date in words to an ISO date",
        "The encoder reads a date in one of twenty languages. The decoder generates year, month and day, and "
        "for every character attends to the relevant letters of the source.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=280):
            text = gr.Textbox(EXAMPLES[0], label="Date", max_lines=1, elem_id="date-text")
            gr.Examples(list(EXAMPLES), text)
            iso_date = gr.Textbox(label="ISO date", interactive=False, elem_id="date-found")
        with gr.Column(scale=3):
            error = warning()
            figure = picture("Cross-attention of the decoder, mean of all layers and heads", "cross")

    event = show_errors(2)(partial(translate, predictor)), [text], [error, iso_date, figure]
    text.change(*event, show_progress="hidden", trigger_mode="always_last")
    return [event]

"""The tab of the dates: a transformer that translates, and where its decoder looks."""

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
    """A date in any of the languages -> the ISO date, and the picture of where the decoder looked."""
    answer = predictor.predict(NETWORK, "explain_text", text=check_text(text))
    source = [character for character in answer["characters"].tolist() if character]
    target = [character for character in answer["target_characters"].tolist() if character]
    if not target:  # a network that was hardly trained may write nothing: there is nothing to show
        return "", None
    weights = answer["cross_attention"][:, :, : len(target), : len(source)]  # (L, H, S, T)
    whole = weights.mean((0, 1), keepdims=True)  # one picture of all layers and heads
    drawn = pictures.attention(whole, target, source)
    drawn.axes[0].set_title("what is written (row), from what (column)", fontsize=9)
    # One head alone has the whole width: room for every letter.
    drawn.set_size_inches(min(1.5 + 0.32 * len(source), 9), 4.2)
    style.label_steps(drawn.axes[0], "x", source, size=10)
    style.label_steps(drawn.axes[0], "y", target, size=10)
    return str(answer["text"]), drawn


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "Transformer: from a date in words to an ISO date",
        "The encoder reads the date in one of twenty languages; the decoder writes year, month and day, and "
        "for every character looks back at the letters that tell it.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=280):
            text = gr.Textbox(EXAMPLES[0], label="Date", max_lines=1, elem_id="date-text")
            gr.Examples(list(EXAMPLES), text)
            found = gr.Textbox(label="ISO date", interactive=False, elem_id="date-found")
        with gr.Column(scale=3):
            wrong = warning()
            drawn = picture("Where the decoder looked, mean of all layers and heads", "cross")

    asking = show_errors(2)(partial(translate, predictor)), [text], [wrong, found, drawn]
    text.change(*asking, show_progress="hidden", trigger_mode="always_last")
    return [asking]

"""The tab of GPT: it goes on with a name."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5.errors import ArgumentError
from keras_session5.playground.parts import LoadEvents, introduce, render_table, table, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "gpt"
LANGUAGE = "German"
_SAMPLES = 8


def generate(
    predictor: Predictor, language: str | None, start: str | None, temperature: float, seed: float
) -> tuple[str, str, Any]:
    """Goes on with the beginning of a name.

    Returns:
        The likeliest name, rows of seed and name by chance, and the choices of languages.
    """
    if temperature < 0:
        raise ArgumentError(f"`temperature` must be at least 0. Received: temperature={temperature:g}")
    names = predictor.class_names(NETWORK)
    if language not in names:
        language = names[0]
    text = check_text(start) if start or len(names) == 1 else ""  # of a class's text nothing need be known
    prompt = f"{language}: {text}" if len(names) > 1 else text
    likeliest = predictor.predict(NETWORK, "from_text", text=prompt)["text"]
    seeds = [int(seed) + i for i in range(_SAMPLES)]
    written = predictor.predict_batch(
        NETWORK,
        "sample",
        text=[prompt] * _SAMPLES,
        temperature=[float(temperature)] * _SAMPLES,
        seed=seeds,
    )["text"]
    rows = [[one, text] for one, text in zip(seeds, written.tolist(), strict=True)]
    return str(likeliest), render_table(["seed", "name"], rows), gr.Dropdown(names, value=language)


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "GPT: go on with a name",
        "It writes one letter after the other, each by chance, as likely as it thinks that letter is. At "
        "temperature 0 it takes the likeliest every time; the higher the temperature, the bolder it gets.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            # The others are known with the first answer; until then none is refused.
            language = gr.Dropdown(
                [LANGUAGE], value=LANGUAGE, label="Language of the name", allow_custom_value=True
            )
            start = gr.Textbox("Fran", label="It begins with", max_lines=1, elem_id="gpt-start")
            temperature = gr.Slider(
                0, 2, 0.8, step=0.1, label="Temperature", buttons=[], elem_id="gpt-temperature"
            )
            seed = gr.Slider(
                0, 1000, 0, step=1, label="First seed: the same gives the same names", buttons=[]
            )
        with gr.Column(scale=2):
            wrong = warning()
            likeliest = gr.Textbox(label="The likeliest", interactive=False, elem_id="gpt-likeliest")
            rows = table("By chance", "gpt-samples")

    asking = (
        show_errors(3, cleared=2)(partial(generate, predictor)),
        [language, start, temperature, seed],
        [wrong, likeliest, rows, language],
    )
    gr.on(
        [language.input, start.change, temperature.change, seed.change],
        *asking,
        show_progress="hidden",
        trigger_mode="always_last",
    )
    return [asking]

"""The tab of GPT: the continuation of a name."""

from functools import partial
from typing import Any

import gradio as gr

from keras_session5.errors import ArgumentError
from keras_session5.playground.parts import LoadEvents, introduce, listen, render_table, table, warning
from keras_session5.playground.predictor import Predictor, check_text, show_errors

NETWORK = "gpt"
LANGUAGE = "German"
_SAMPLES = 8


def generate(
    predictor: Predictor, language: str | None, start: str | None, temperature: float, seed: float
) -> tuple[str, str, Any]:
    """Continues the beginning of a name.

    Returns:
        The most likely name, the table of samples, and the updated dropdown of languages.
    """
    if temperature < 0:
        raise ArgumentError(f"`temperature` must be at least 0. Received: temperature={temperature:g}")
    names = predictor.class_names(NETWORK)
    if language not in names:
        language = names[0]
    text = check_text(start) if start or len(names) == 1 else ""  # a language alone is a valid prompt
    prompt = f"{language}: {text}" if len(names) > 1 else text
    greedy = predictor.predict(NETWORK, "from_text", text=prompt)["text"]
    seeds = [int(seed) + i for i in range(_SAMPLES)]
    samples = predictor.predict_batch(
        NETWORK,
        "sample",
        text=[prompt] * _SAMPLES,
        temperature=[float(temperature)] * _SAMPLES,
        seed=seeds,
    )["text"]
    rows = zip(seeds, samples.tolist(), strict=True)
    return str(greedy), render_table(["seed", "name"], rows), gr.Dropdown(names, value=language)


def add_tab(predictor: Predictor) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "GPT: continue a name",
        "GPT samples one letter after the other from its predicted probabilities. At temperature 0 it always "
        "takes the most likely letter; the higher the temperature, the more varied the names.",
    )
    with gr.Row(equal_height=False):
        with gr.Column(scale=1, min_width=300):
            # The other languages are known after the first prediction.
            language = gr.Dropdown(
                [LANGUAGE], value=LANGUAGE, label="Language of the name", allow_custom_value=True
            )
            start = gr.Textbox("Fran", label="Beginning", max_lines=1, elem_id="gpt-start")
            temperature = gr.Slider(
                0, 2, 0.8, step=0.1, label="Temperature", buttons=[], elem_id="gpt-temperature"
            )
            seed = gr.Slider(0, 1000, 0, step=1, label="First seed; each seed gives one name", buttons=[])
        with gr.Column(scale=2):
            error = warning()
            greedy = gr.Textbox(label="Most likely name", interactive=False, elem_id="gpt-likeliest")
            rows = table("Samples", "gpt-samples")

    event = (
        show_errors(3, cleared=2)(partial(generate, predictor)),
        [language, start, temperature, seed],
        [error, greedy, rows, language],
    )
    listen([language.input, start.change, temperature.change, seed.change], event)
    return [event]

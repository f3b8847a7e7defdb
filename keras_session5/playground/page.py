"""The page with all tabs, and its launch."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Disables telemetry; Gradio reads these on import.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import gradio as gr

from keras_session5.checks import free_address
from keras_session5.client import connect
from keras_session5.playground import (
    attention,
    convolution,
    dates,
    generation,
    lenet5,
    mlp,
    perceptron,
    recurrent,
    serving,
)
from keras_session5.playground.parts import STYLE, LoadEvents
from keras_session5.playground.predictor import Predictor
from keras_session5.playground.raw_request import RawClient

TITLE = "keras-session5: playground"
_TIMEOUT_S = 60.0  # of one request; the first requests wait for their models to load

# Local fonts: those of Gradio's own themes come from the internet.
_THEME = gr.themes.Base(
    primary_hue="blue",
    font=["system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
    text_size="md",
    spacing_size="sm",
)


def build_page(rest_address: str, models: str | os.PathLike[str] = "saved_models") -> gr.Blocks:
    """Builds the page.

    Args:
        rest_address: REST address of the model server, `http://host:port`.
        models: folder of the exported models, for the names of their classes.

    Raises:
        ArgumentError: if the address is not that of a REST API.
    """
    raw_client = RawClient(rest_address)
    predictor = Predictor(connect(rest_address, timeout_s=_TIMEOUT_S), Path(models))
    tabs: dict[str, Callable[[], LoadEvents]] = {
        "Perceptron": perceptron.add_tab,
        "XOR and MLP": mlp.add_tab,
        "Convolution": convolution.add_tab,
        "LeNet-5": lambda: lenet5.add_tab(predictor),
        "RNN": lambda: recurrent.add_tab(predictor),
        "Transformer": lambda: attention.add_tab(predictor),
        "Dates": lambda: dates.add_tab(predictor),
        "GPT": lambda: generation.add_tab(predictor),
        "Serving": lambda: serving.add_tab(predictor, raw_client),
    }
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.Markdown("## From the perceptron to the transformer")
        for i, (name, add_tab) in enumerate(tabs.items()):
            with gr.Tab(name) as tab:
                for function, inputs, outputs in add_tab():
                    event: Any = tab.select if i else page.load
                    event(function, inputs, outputs, show_progress="hidden")
    return page


def open_page(
    rest_address: str,
    models: str | os.PathLike[str] = "saved_models",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    browser: bool = False,
) -> gr.Blocks:
    """Serves the page in the background until `close()` is called on the returned object.

    Args:
        rest_address, models: as in `build_page`.
        host: address to listen on; the default accepts connections from this machine only.
        port: port to listen on.
        browser: whether to open the page in the user's browser.

    Raises:
        ArgumentError: if the page cannot listen there, for example because the port is in use.
    """
    free_address(host, port)
    page = build_page(rest_address, models)
    page.launch(
        server_name=host,
        server_port=port,
        inbrowser=browser,
        share=False,
        quiet=True,
        prevent_thread_lock=True,
        show_error=False,
        ssr_mode=False,
        theme=_THEME,
        css=STYLE,
        footer_links=[],
    )
    return page

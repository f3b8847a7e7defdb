"""The page with all tabs, and its launch."""

import os
from collections.abc import Callable, Sequence
from functools import partial
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
    generation,
    images,
    masked,
    mlp,
    own,
    perceptron,
    recurrent,
    series,
    serving,
    translation,
)
from keras_session5.playground.parts import STYLE, LoadEvents, listen
from keras_session5.playground.predictor import Predictor
from keras_session5.playground.raw_request import RawClient
from keras_session5.playground.training import Offer, Trainer

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


def build_page(
    rest_address: str,
    models: str | os.PathLike[str] = "saved_models",
    runs: str | os.PathLike[str] = "runs",
) -> gr.Blocks:
    """Builds the page.

    Args:
        rest_address: REST address of the model server, `http://host:port`.
        models: folder of the exported models, for the names of their classes and for what is trained here.
        runs: folder of the training runs.

    Raises:
        ArgumentError: if the address is not that of a REST API.
    """
    raw_client = RawClient(rest_address)
    predictor = Predictor(connect(rest_address, timeout_s=_TIMEOUT_S), Path(models))
    trainer = Trainer(predictor, Path(models), Path(runs))
    # The tabs with the served networks that each of them needs.
    tabs: dict[str, tuple[Sequence[str], Callable[[], LoadEvents]]] = {
        "Perceptron": ((), perceptron.add_tab),
        "1958": _drawn(predictor, images.PHOTO_PERCEPTRON),
        "XOR and MLP": ((), mlp.add_tab),
        "Convolution": ((), convolution.add_tab),
        "LeNet-5": _drawn(predictor, images.LENET5),
        "RNN": ((recurrent.NETWORK,), partial(recurrent.add_tab, predictor)),
        "Series": ((series.NETWORK,), partial(series.add_tab, predictor)),
        "Transformer": ((attention.NETWORK,), partial(attention.add_tab, predictor)),
        "Dates": _translated(predictor, translation.DATES),
        "GPT": ((generation.NETWORK,), partial(generation.add_tab, predictor)),
        "BERT": ((masked.NETWORK,), partial(masked.add_tab, predictor)),
        "T5": _translated(predictor, translation.TEXT_TO_TEXT),
        "ViT": _drawn(predictor, images.VIT),
        "Your own": ((), partial(own.add_tab, predictor, trainer)),
        "Serving": ((), partial(serving.add_tab, predictor, raw_client)),
    }
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.Markdown("## From the perceptron to the transformer")
        for i, (name, (networks, add_tab)) in enumerate(tabs.items()):
            with gr.Tab(name) as tab:
                opened: Any = tab.select if i else page.load
                offer = Offer(trainer, networks) if networks else None
                events = add_tab()
                for event in events:
                    listen(opened, event)
                if offer:
                    offer.connect(opened, events)
    return page


def _drawn(predictor: Predictor, tab: images.Drawn) -> tuple[Sequence[str], Callable[[], LoadEvents]]:
    return tab.networks, partial(images.add_tab, predictor, tab)


def _translated(
    predictor: Predictor, tab: translation.Translated
) -> tuple[Sequence[str], Callable[[], LoadEvents]]:
    return (tab.network,), partial(translation.add_tab, predictor, tab)


def open_page(
    rest_address: str,
    models: str | os.PathLike[str] = "saved_models",
    runs: str | os.PathLike[str] = "runs",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    browser: bool = False,
) -> gr.Blocks:
    """Serves the page in the background until `close()` is called on the returned object.

    Args:
        rest_address, models, runs: as in `build_page`.
        host: address to listen on; the default accepts connections from this machine only.
        port: port to listen on.
        browser: whether to open the page in the user's browser.

    Raises:
        ArgumentError: if the page cannot listen there, for example because the port is in use.
    """
    free_address(host, port)
    page = build_page(rest_address, models, runs)
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
        max_file_size=own.MAX_BYTES,
    )
    return page

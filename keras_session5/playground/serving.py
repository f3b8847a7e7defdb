"""The tab of the model server: its models, and a single request with its response."""

import contextlib
from functools import partial
from typing import Any

import gradio as gr

from keras_session5.catalog import NETWORKS
from keras_session5.client import Client
from keras_session5.errors import NotFoundError, UnimplementedError
from keras_session5.playground.parts import LoadEvents, introduce, render_table, sentence, table, warning
from keras_session5.playground.predictor import Predictor, show_errors
from keras_session5.playground.raw_request import RawClient, example_inputs

TABLE = ["model", "version", "state"]
_OK = 200
_CODE_OPTIONS: dict[str, Any] = {"lines": 1, "max_lines": 8, "wrap_lines": True, "interactive": False}


def list_versions(predictor: Predictor) -> list[list[Any]]:
    """Returns rows of model, version and state; a model without versions is listed as missing."""
    rows = []
    for name, versions in _list_models(predictor.client).items():
        rows += [[name, status.version, f"{status.state} {status.error}"] for status in versions]
        rows += [] if versions else [[name, "-", "missing"]]
    return rows


def _list_models(client: Client) -> dict[str, list[Any]]:
    """Lists the server's models; a server without a list, such as TensorFlow Serving, is queried by name."""
    try:
        return client.models()
    except UnimplementedError:
        models = {}
        for name in NETWORKS:
            with contextlib.suppress(NotFoundError):
                models[name] = client.status(name)
        return models


def list_available(predictor: Predictor, chosen: str | None) -> tuple[str, Any]:
    """Returns the table of models and the dropdown of available ones."""
    rows = list_versions(predictor)
    available = sorted({row[0] for row in rows if row[2].startswith("AVAILABLE")})
    candidates = (chosen, "simple_rnn", *available)
    best = next((name for name in candidates if name in available), None)
    return render_table(TABLE, rows), gr.Dropdown(available, value=best)


def list_signatures(predictor: Predictor, name: str | None) -> tuple[Any, str]:
    """Returns the dropdown of a model's signatures and example inputs for the selected one."""
    if not name:
        return gr.Dropdown([], value=None), ""
    names = sorted(predictor.client.metadata(name).signatures)
    best = next((known for known in ("from_text", "from_image_bytes", *names) if known in names), None)
    return gr.Dropdown(names, value=best), suggest_inputs(predictor, name, best)


def suggest_inputs(predictor: Predictor, name: str | None, signature: str | None) -> str:
    """Returns example inputs for a signature as JSON."""
    if not name or not signature:
        return ""
    signatures = predictor.client.metadata(name).signatures
    return example_inputs(name, signatures[signature].inputs) if signature in signatures else ""


def send(
    raw_client: RawClient, name: str | None, signature: str | None, inputs: str
) -> tuple[str, str, str, str]:
    """Sends a request; returns its latency as a sentence, the request as JSON and curl, and the response."""
    if not name or not signature:
        raise NotFoundError("No model is available. `session5 tour` trains and exports all networks.")
    exchange = raw_client.predict(name, signature, inputs)
    outcome = "Answered" if exchange.status == _OK else f"Failed with status {exchange.status}"
    return (
        f"**{outcome} in {exchange.milliseconds:.1f} ms.**",
        exchange.body,
        exchange.curl,
        exchange.response,
    )


def add_tab(predictor: Predictor, raw_client: RawClient) -> LoadEvents:
    """Adds the tab; returns the events that load it."""
    introduce(
        "The model server",
        f"The networks of this page run on the model server at {predictor.client.address}. This tab lists "
        "its models and shows a single REST request. `session5 run NAME` trains and exports a missing "
        "model, which the server loads within a second.",
    )
    error = warning()
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=360):
            rows = table("Models", "models")
            refresh = gr.Button("Refresh")
        with gr.Column(scale=3):
            with gr.Row():
                name = gr.Dropdown([], label="Model", elem_id="model")
                signature = gr.Dropdown([], label="Signature", elem_id="signature")
            inputs = gr.Textbox(label="Inputs, JSON", lines=1, max_lines=4, elem_id="inputs")
            button = gr.Button("Send", variant="primary", elem_id="ask")
            latency = sentence("latency")
            response = gr.Code(language="json", label="Response", elem_id="answer", **_CODE_OPTIONS)
            body = gr.Code(language="json", label="Request", elem_id="body", **_CODE_OPTIONS)
            curl = gr.Code(language="shell", label="Request as a command", elem_id="curl", **_CODE_OPTIONS)

    listing = show_errors(2, cleared=1)(partial(list_available, predictor)), [name], [error, rows, name]
    refresh.click(*listing)
    request = show_errors(4)(partial(send, raw_client)), [name, signature, inputs]
    results = [error, latency, body, curl, response]
    select = show_errors(2)(partial(list_signatures, predictor))
    # Without a model, the error message remains.
    name.change(
        lambda chosen: select(chosen) if chosen else [gr.skip()] * 3, name, [error, signature, inputs]
    ).success(lambda *values: request[0](*values) if values[0] else [gr.skip()] * 5, request[1], results)
    signature.input(show_errors(1)(partial(suggest_inputs, predictor)), [name, signature], [error, inputs])
    button.click(*request, results)
    return [listing]

"""The tab of the server: what is up, and one request as it goes over the wire."""

import contextlib
from functools import partial
from typing import Any

import gradio as gr

from keras_session5.catalog import NETWORKS
from keras_session5.errors import NotFoundError, UnimplementedError
from keras_session5.playground.parts import LoadEvents, introduce, render_table, sentence, table, warning
from keras_session5.playground.predictor import Client, Predictor, show_errors
from keras_session5.playground.raw_request import RawClient, example_inputs

TABLE = ["model", "version", "state"]
_ANSWERED = 200
_LOOK: dict[str, Any] = {"lines": 1, "max_lines": 8, "wrap_lines": True, "interactive": False}


def served(predictor: Predictor) -> list[list[Any]]:
    """Rows of model, version and state; a model without a version is told as missing."""
    rows = []
    for name, versions in _models(predictor.client).items():
        rows += [[name, one.version, f"{one.state} {one.error}"] for one in versions]
        rows += [] if versions else [[name, "-", "missing"]]
    return rows


def _models(client: Client) -> dict[str, list[Any]]:
    """What the server lists; of one that does not, as TensorFlow's, what has a name of the catalogue."""
    try:
        return client.models()
    except UnimplementedError:
        found = {}
        for name in NETWORKS:
            with contextlib.suppress(NotFoundError):
                found[name] = client.status(name)
        return found


def list_available(predictor: Predictor, chosen: str | None) -> tuple[str, Any]:
    """The table, and the choices of a model to ask."""
    rows = served(predictor)
    up = sorted({row[0] for row in rows if row[2].startswith("AVAILABLE")})
    best = chosen if chosen in up else next((name for name in ("simple_rnn", *up) if name in up), None)
    return render_table(TABLE, rows), gr.Dropdown(up, value=best)


def list_signatures(predictor: Predictor, name: str | None) -> tuple[Any, str]:
    """The choices of a signature of a model, and what to ask it."""
    if not name:
        return gr.Dropdown([], value=None), ""
    names = sorted(predictor.client.metadata(name).signatures)
    best = next((one for one in ("from_text", "from_image_bytes", *names) if one in names), None)
    return gr.Dropdown(names, value=best), question(predictor, name, best)


def question(predictor: Predictor, name: str | None, signature: str | None) -> str:
    """Inputs for a signature, as JSON."""
    if not name or not signature:
        return ""
    signatures = predictor.client.metadata(name).signatures
    return example_inputs(name, signatures[signature].inputs) if signature in signatures else ""


def ask(rest: RawClient, name: str | None, signature: str | None, inputs: str) -> tuple[str, str, str, str]:
    """Asks; returns a sentence with the time, the request as JSON and as curl, and the answer."""
    if not name or not signature:
        raise NotFoundError("No model is up. `session5 tour` trains and exports all of them.")
    done = rest.predict(name, signature, inputs)
    told = "Answered" if done.status == _ANSWERED else f"Refused with status {done.status}"
    return f"**{told} in {done.milliseconds:.1f} ms.**", done.body, done.curl, done.answer


def add_tab(predictor: Predictor, rest: RawClient) -> LoadEvents:
    """Adds the tab; returns what is to be computed when it opens."""
    introduce(
        "The model server",
        f"All networks of this page are asked over REST at {predictor.client.address}. Here is what is up, and "
        "what goes over the wire. `session5 run NAME` makes a missing one, and it is up a second later.",
    )
    wrong = warning()
    with gr.Row(equal_height=False):
        with gr.Column(scale=2, min_width=360):
            rows = table("What is up", "models")
            again = gr.Button("Look again")
        with gr.Column(scale=3):
            with gr.Row():
                name = gr.Dropdown([], label="Model", elem_id="model")
                signature = gr.Dropdown([], label="Signature", elem_id="signature")
            inputs = gr.Textbox(label="Inputs, JSON", lines=1, max_lines=4, elem_id="inputs")
            button = gr.Button("Ask", variant="primary", elem_id="ask")
            told = sentence("latency")
            answer = gr.Code(language="json", label="Answer", elem_id="answer", **_LOOK)
            body = gr.Code(language="json", label="Request", elem_id="body", **_LOOK)
            curl = gr.Code(language="shell", label="In a terminal", elem_id="curl", **_LOOK)

    looking = (
        show_errors(2, cleared=1)(lambda chosen: list_available(predictor, chosen)),
        [name],
        [wrong, rows, name],
    )
    again.click(*looking)
    asking = show_errors(4)(partial(ask, rest)), [name, signature, inputs]
    told_all = [wrong, told, body, curl, answer]
    choosing = show_errors(2)(partial(list_signatures, predictor))
    # Where no model is up, the sentence that says why is to stay.
    name.change(
        lambda chosen: choosing(chosen) if chosen else [gr.skip()] * 3, name, [wrong, signature, inputs]
    ).success(lambda *three: asking[0](*three) if three[0] else [gr.skip()] * 5, asking[1], told_all)
    signature.input(show_errors(1)(partial(question, predictor)), [name, signature], [wrong, inputs])
    button.click(*asking, told_all)
    return [looking]

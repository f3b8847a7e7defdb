"""Makes an example request that a running server accepts."""

import base64
import json
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from keras_session5.client import Client, connect
from keras_session5.errors import Session5Error

if TYPE_CHECKING:
    from keras_session5.server.server import ModelStatus, Server

_TIMEOUT_S = 10.0


def make_curl_line(server: "Server") -> str:
    """Returns a short curl command that the server accepts, ready to copy; with a text input if possible."""
    models = [m for m in server.models() if any(v.state.name == "AVAILABLE" for v in m.versions)]
    if not models:
        return "No model is available."
    url = f"{server.rest_address}/v1/models/"
    # A failed example must not end the server.
    with suppress(Session5Error), connect(server.rest_address, timeout_s=_TIMEOUT_S) as client:
        requests = [(model.name, *request) for model in models for request in _make_requests(model, client)]
        requests.sort(key=lambda one: (one[1] != "from_text", len(_make_body(*one[1:]))))
        for name, signature, inputs in requests:
            with suppress(Session5Error):
                client.predict(name, inputs, signature_name=signature)
                body = shlex.quote(_make_body(signature, inputs))
                return f"curl -d {body} {url}{quote(name, safe='')}:predict"
    return f"curl {url}{quote(models[0].name, safe='')}/metadata"


def _make_requests(model: "ModelStatus", client: Client) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields signature and inputs of the newest version's warm-up requests, or else of zeros."""
    from keras_session5.server.codecs.tensors import decode_tensor
    from keras_session5.server.warmup import FILE, records

    version = next(version.number for version in model.versions if version.state.name == "AVAILABLE")
    file = Path(model.base_path) / str(version) / FILE
    found = [record.predict_log.request for record in records(str(file))] if file.is_file() else []
    requests = [request for request in found if request.inputs]  # the others are not predict requests
    for request in requests:
        inputs = {name: decode_tensor(tensor).tolist() for name, tensor in request.inputs.items()}
        yield request.model_spec.signature_name or "serving_default", inputs
    default = client.metadata(model.name).signatures.get("serving_default")
    if default and not requests:
        yield "serving_default", {name: info.zeros().tolist() for name, info in default.inputs.items()}


def _make_body(signature: str, inputs: dict[str, Any]) -> str:
    named = {} if signature == "serving_default" else {"signature_name": signature}
    return json.dumps(named | {"inputs": inputs}, ensure_ascii=False, default=_encode_bytes)


def _encode_bytes(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode("ascii")}

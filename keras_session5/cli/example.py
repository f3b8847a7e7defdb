"""Makes an example request that a running server accepts."""

import base64
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from keras_session5.client import Client, connect
from keras_session5.client.address import parse
from keras_session5.client.deadline import Deadline
from keras_session5.client.http_pool import HttpPool
from keras_session5.errors import Session5Error

if TYPE_CHECKING:
    from keras_session5.server.server import ModelStatus, Server

_TIMEOUT_S = 10.0


def make_curl_line(server: "Server") -> str:
    """Returns a short curl command that the server accepts, ready to copy; with a text input if possible."""
    models = [m for m in server.models() if any(v.state.name == "AVAILABLE" for v in m.versions)]
    if not models:
        return "No model is available."
    try:
        with connect(server.rest_address, timeout_s=_TIMEOUT_S) as client:
            found = [(model.name, body) for model in models for body in _make_bodies(model, client)]
        found.sort(key=lambda one: ("from_text" not in one[1], len(one[1])))
        for name, body in found:
            if _succeeds(server.rest_address, name, body):
                return f"curl -d {shlex.quote(body)} {server.rest_address}{_path(name)}"
    except Session5Error:  # a failed example must not end the server
        pass
    return f"curl {server.rest_address}/v1/models/{quote(models[0].name, safe='')}/metadata"


def _make_bodies(model: "ModelStatus", client: Client) -> Iterator[str]:
    """Yields the newest version's warm-up requests; without any, a request of zeros."""
    from keras_session5.server.codecs.tensors import decode_tensor
    from keras_session5.server.warmup import FILE, records

    version = next(version.number for version in model.versions if version.state.name == "AVAILABLE")
    file = Path(model.base_path) / str(version) / FILE
    found = [record.predict_log.request for record in records(str(file))] if file.is_file() else []
    requests = [request for request in found if request.inputs]  # the others are not predict requests
    for request in requests:
        inputs = {name: decode_tensor(tensor).tolist() for name, tensor in request.inputs.items()}
        yield _make_body(request.model_spec.signature_name or "serving_default", inputs)
    default = client.metadata(model.name).signatures.get("serving_default")
    if default and not requests:
        yield _make_body(
            "serving_default", {name: info.zeros().tolist() for name, info in default.inputs.items()}
        )


def _make_body(signature: str, inputs: dict[str, Any]) -> str:
    named = {} if signature == "serving_default" else {"signature_name": signature}
    return json.dumps(named | {"inputs": inputs}, ensure_ascii=False, default=_encode_bytes)


def _encode_bytes(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode("ascii")}


def _succeeds(address: str, name: str, body: str) -> bool:
    pool = HttpPool(parse(address))
    try:
        return pool.request("POST", _path(name), body.encode(), Deadline(_TIMEOUT_S, address)).status == 200
    finally:
        pool.close()


def _path(name: str) -> str:
    return f"/v1/models/{quote(name, safe='')}:predict"

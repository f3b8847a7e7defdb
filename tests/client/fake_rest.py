"""The REST API of the tiny TensorFlow Serving."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import numpy as np

from .fake_serving import NUMPY, FakeError, FakeServing, Tensors

_PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?(/metadata|:predict)?")
_STATUS = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "RESOURCE_EXHAUSTED": 429}


@contextmanager
def serve_rest(fake: FakeServing) -> Iterator[str]:
    """Yields the address `host:port` on which the models are served."""
    handler = type("Handler", (_Handler,), {"fake": fake})
    with serve_http(handler) as address:
        yield address


@contextmanager
def serve_http(handler: Any) -> Iterator[str]:
    """Yields the address `host:port` on which requests go to a handler class."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class QuietHandler(BaseHTTPRequestHandler):
    """Keeps connections, says nothing on the terminal, and answers bytes."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        pass

    def answer(self, body: bytes, status: int = 200, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Handler(QuietHandler):
    fake: FakeServing

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        match = _PATH.fullmatch(self.path)
        try:
            if match is None:
                raise FakeError("INVALID_ARGUMENT", f"Malformed request: {self.command} {self.path}")
            content = self._content(body, *match.groups())
            # Strings are written as they are, UTF-8 or not.
            text = json.dumps(content, ensure_ascii=False, indent=4)
            self.answer(text.encode("utf-8", "surrogateescape"))
        except FakeError as error:
            self.answer(json.dumps({"error": error.text}).encode(), _STATUS[error.code])

    def _content(
        self, body: bytes, name: str, version: str | None, label: str | None, what: str | None
    ) -> Any:
        name, number = unquote(name), None if version is None else int(version)
        label = None if label is None else unquote(label)
        if what is None:
            return {"model_version_status": [_status(one) for one in self.fake.versions(name, number)]}
        if what == "/metadata":
            return _metadata(name, *self.fake.metadata(name, number, label))
        request = json.loads(body)
        signature = self.fake.predict(name, number, label, request["signature_name"])
        for alias in signature.inputs:
            if alias not in request["inputs"]:
                raise FakeError("INVALID_ARGUMENT", f"Missing named input: {alias} in 'inputs' object.")
        inputs = {
            alias: _array(request["inputs"][alias], dtype) for alias, (dtype, _) in signature.inputs.items()
        }
        outputs = {alias: _json(alias, array) for alias, array in signature.call(inputs).items()}
        return {"outputs": next(iter(outputs.values())) if len(outputs) == 1 else outputs}


def _array(value: Any, dtype: str) -> np.ndarray:
    if dtype != "DT_STRING":
        return np.array(value, NUMPY[dtype])
    array = np.array(value, object)
    array.reshape(-1)[:] = [base64.b64decode(item["b64"]) for item in array.flat]
    return array


def _json(alias: str, array: np.ndarray) -> Any:
    def item(value: Any) -> Any:
        if isinstance(value, list):
            return [item(one) for one in value]
        if not isinstance(value, bytes):
            return value
        if alias.endswith("_bytes"):
            return {"b64": base64.b64encode(value).decode()}
        return value.decode("utf-8", "surrogateescape")

    return item(array.tolist())


def _status(version: int) -> dict[str, Any]:
    status = {"error_code": "OK", "error_message": ""}
    return {"version": str(version), "state": "AVAILABLE", "status": status}


def _metadata(name: str, version: int, model: Any) -> dict[str, Any]:
    signatures = {
        key: {"inputs": _infos(one.inputs), "outputs": _infos(one.outputs), "method_name": "", "defaults": {}}
        for key, one in model.items()
    }
    init = {"__saved_model_init_op": {"inputs": {}, "outputs": {}, "method_name": "", "defaults": {}}}
    return {
        "model_spec": {"name": name, "signature_name": "", "version": str(version)},
        "metadata": {"signature_def": {"signature_def": signatures | init}},
    }


def _infos(tensors: Tensors) -> dict[str, Any]:
    return {
        alias: {
            "dtype": dtype,
            "tensor_shape": {
                "dim": [{"size": str(size), "name": ""} for size in shape],
                "unknown_rank": False,
            },
            "name": f"{alias}:0",
        }
        for alias, (dtype, shape) in tensors.items()
    }

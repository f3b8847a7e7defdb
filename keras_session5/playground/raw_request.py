"""A single REST request and its response as text, and example inputs for a signature."""

import base64
import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from keras_session5.client.address import parse
from keras_session5.client.deadline import Deadline
from keras_session5.client.http_pool import HttpPool
from keras_session5.data.digits.scaling import scale_to_28x28
from keras_session5.errors import ArgumentError
from keras_session5.playground.convolution import load_image
from keras_session5.playground.drawing import encode_png

_TIMEOUT_S = 10.0
_MAX_OUTPUT_LENGTH = 400  # characters; longer outputs are cut
_TEXTS = {
    "transformer": "12 mars 2020",
    "text_to_text": "language: Frankreich",
    "gpt": "German: Fran",
    "masked_language_model": "D_utschland",
}


@dataclass(frozen=True)
class Exchange:
    """A request and its response.

    Attributes:
        body: body of the request, JSON.
        curl: the same request as a command.
        status: HTTP status.
        response: body of the response, JSON with long lists cut.
        milliseconds: time from sending the request to receiving the whole response.
    """

    body: str
    curl: str
    status: int
    response: str
    milliseconds: float


class RawClient:
    """Sends requests to a model server and keeps the connection open.

    Raises:
        ArgumentError: if the address is not that of a REST API.
    """

    def __init__(self, address: str):
        self._address = parse(address)
        if self._address.scheme == "grpc":
            raise ArgumentError(
                f"`--server` must be http://HOST:PORT, because the page uses REST. Received: {address}"
            )
        self._pool = HttpPool(self._address)

    def predict(self, name: str, signature: str, inputs: str) -> Exchange:
        """Sends inputs to a signature.

        Args:
            name: name of the model.
            signature: name of the signature.
            inputs: JSON in the format of `inputs` in TensorFlow Serving's REST API.

        Raises:
            ArgumentError: if the inputs are not JSON.
            ServingError: if the server does not respond.
        """
        try:
            value = json.loads(inputs)
        except (ValueError, RecursionError) as error:
            raise ArgumentError(f"The inputs must be JSON: {error}.") from None
        body = json.dumps({"signature_name": signature, "inputs": value}, ensure_ascii=False)
        model = f"{self._address.prefix}/v1/models/{quote(name, safe='')}"
        path = f"{model}:predict"
        self._pool.request(
            "GET", model, None, self._make_deadline()
        )  # opens the connection, which is not measured
        start = time.perf_counter()
        response = self._pool.request("POST", path, body.encode(), self._make_deadline())
        milliseconds = (time.perf_counter() - start) * 1000
        url = f"{self._address.scheme}://{self._address.target}{path}"
        return Exchange(
            body,
            f"curl -d {shlex.quote(body)} {url}",
            response.status,
            _format_response(response.body),
            milliseconds,
        )

    def _make_deadline(self) -> Deadline:
        return Deadline(_TIMEOUT_S, self._address.text)


def example_inputs(name: str, inputs: Mapping[str, Any]) -> str:
    """Returns example inputs for a signature as JSON; unknown tensors are zeros.

    Args:
        name: name of the model.
        inputs: inputs of the signature, name -> `client.TensorInfo`.
    """
    values = {key: _example_value(name, key, info) for key, info in inputs.items()}
    return json.dumps(values, ensure_ascii=False)


def _example_value(name: str, key: str, info: Any) -> Any:
    if key == "image_bytes":
        digit = scale_to_28x28(load_image("digit 3")[None])[0]
        return [{"b64": base64.b64encode(encode_png(digit)).decode("ascii")}]
    if info.dtype == "string":
        return [_TEXTS.get(name, "Frankreich")]
    if key == "temperature":
        return [0.8]
    return info.zeros().tolist()


def _format_response(body: bytes) -> str:
    """Formats a response with one line for each output, cut to a readable length."""
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text[:_MAX_OUTPUT_LENGTH]
    outputs = value.get("outputs") if isinstance(value, dict) else None
    if not isinstance(outputs, dict):
        return _cut(value)
    lines = ",\n".join(f"    {json.dumps(key)}: {_cut(item)}" for key, item in sorted(outputs.items()))
    return f'{{\n  "outputs": {{\n{lines}\n  }}\n}}'


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_OUTPUT_LENGTH else f"{text[:_MAX_OUTPUT_LENGTH]} …"

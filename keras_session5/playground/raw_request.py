"""One request to the REST API as it goes over the wire, and what to ask a signature for an example."""

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
from keras_session5.playground.drawing import png

_TIMEOUT_S = 10.0
_WIDEST = 400  # characters of an output that are shown
_TEXTS = {
    "transformer": "12 mars 2020",
    "text_to_text": "language: Frankreich",
    "gpt": "German: Fran",
    "masked_language_model": "D_utschland",
}


@dataclass(frozen=True)
class Exchange:
    """A question and its answer.

    Attributes:
        body: of the request, JSON.
        curl: the same for a terminal.
        status: of HTTP.
        answer: JSON, its long lists cut short.
        milliseconds: from sending to having read all.
    """

    body: str
    curl: str
    status: int
    answer: str
    milliseconds: float


class RawClient:
    """Sends requests to one model server and keeps the connection, as a program would that asks often."""

    def __init__(self, address: str):
        self._address = parse(address)
        if self._address.scheme == "grpc":
            raise ArgumentError(
                f"The page asks over REST: `--server` must be http://HOST:PORT. Received: {address}"
            )
        self._pool = HttpPool(self._address)

    def predict(self, name: str, signature: str, inputs: str) -> Exchange:
        """Asks a signature.

        Args:
            inputs: JSON, as `inputs` of TensorFlow Serving's REST API: by name, or bare if there is one.

        Raises:
            ArgumentError: if it is no JSON.
            ServingError: if nobody answers.
        """
        try:
            value = json.loads(inputs)
        except (ValueError, RecursionError) as error:
            raise ArgumentError(f"The inputs must be JSON: {error}.") from None
        body = json.dumps({"signature_name": signature, "inputs": value}, ensure_ascii=False)
        model = f"{self._address.prefix}/v1/models/{quote(name, safe='')}"
        path = f"{model}:predict"
        self._pool.request("GET", model, None, self._deadline())  # opens the connection: is not measured
        began = time.perf_counter()
        answer = self._pool.request("POST", path, body.encode(), self._deadline())
        milliseconds = (time.perf_counter() - began) * 1000
        url = f"{self._address.scheme}://{self._address.target}{path}"
        return Exchange(
            body, f"curl -d {shlex.quote(body)} {url}", answer.status, _shown(answer.body), milliseconds
        )

    def _deadline(self) -> Deadline:
        return Deadline(_TIMEOUT_S, self._address.text)


def example_inputs(name: str, inputs: Mapping[str, Any]) -> str:
    """Returns JSON to ask a signature with: something that makes sense where it is known, else zeros.

    Args:
        name: of the model.
        inputs: of the signature, name -> `client.TensorInfo`.
    """
    values = {key: _value(name, key, info) for key, info in inputs.items()}
    return json.dumps(values, ensure_ascii=False)


def _value(name: str, key: str, info: Any) -> Any:
    if key == "image_bytes":
        digit = scale_to_28x28(load_image("digit 3")[None])[0]
        return [{"b64": base64.b64encode(png(digit)).decode("ascii")}]
    if info.dtype == "string":
        return [_TEXTS.get(name, "Frankreich")]
    if key == "temperature":
        return [0.8]
    return info.zeros().tolist()


def _shown(body: bytes) -> str:
    """JSON with one line for each output, cut where it gets too long to read."""
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        return text[:_WIDEST]
    outputs = value.get("outputs") if isinstance(value, dict) else None
    if not isinstance(outputs, dict):
        return _cut(value)
    lines = ",\n".join(f"    {json.dumps(key)}: {_cut(item)}" for key, item in sorted(outputs.items()))
    return f'{{\n  "outputs": {{\n{lines}\n  }}\n}}'


def _cut(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else f"{text[:_WIDEST]} …"

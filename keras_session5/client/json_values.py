"""Converts between NumPy arrays and the JSON of TensorFlow Serving's REST API.

Numbers are JSON numbers, including `NaN`, `Infinity` and `-Infinity`. Requests send strings as
`{"b64": ...}`, which preserves any bytes; responses contain JSON strings or `{"b64": ...}`.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_session5.client.dtypes import numpy_dtype
from keras_session5.client.records import TensorInfo


def dump(signature_name: str, inputs: Mapping[str, np.ndarray]) -> bytes:
    """Returns the body of a columnar predict request.

    float32 values are exact, because they are written as equal float64 values.

    Raises:
        TypeError: if JSON lacks the dtype (complex numbers).
    """
    columns = {name: array.tolist() for name, array in inputs.items()}
    body = {"signature_name": signature_name, "inputs": columns}
    return json.dumps(body, default=_encode_b64, separators=(",", ":")).encode()


def load(body: bytes) -> Any:
    """Returns the value of a JSON text; raises `ValueError` if the text is not JSON.

    Bytes that are not UTF-8 are preserved, because TensorFlow Serving writes string tensors unchanged.
    """
    try:
        return json.loads(body.decode("utf-8", "surrogateescape"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_outputs(value: Any, outputs: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    """Returns the arrays of a response's `outputs`: a bare value for one output, else an object.

    Raises:
        ValueError, TypeError, OverflowError: if the value does not fit the signature.
    """
    named = {next(iter(outputs)): value} if len(outputs) == 1 else value
    if not isinstance(named, dict) or set(named) != set(outputs):
        raise ValueError(f"expected the outputs {', '.join(outputs)}")
    return {name: _read(named[name], info) for name, info in outputs.items()}


def _read(value: Any, info: TensorInfo) -> np.ndarray:
    array = np.array(value, numpy_dtype(info.dtype))
    if info.dtype == "string":
        array.reshape(-1)[:] = [_decode_bytes(item) for item in array.flat]
    if array.shape == (0,) and info.shape:
        # An empty batch is [] in JSON, whatever the shape of a row.
        return array.reshape(0, *(size or 0 for size in info.shape[1:]))
    return array


def _encode_b64(value: Any) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"JSON has no {type(value).__name__}")
    return {"b64": base64.b64encode(value).decode("ascii")}


def _decode_bytes(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode("utf-8", "surrogateescape")
    if isinstance(item, dict) and set(item) == {"b64"}:
        return base64.b64decode(item["b64"] + "==")  # with or without padding
    raise ValueError(f"expected strings, not {item!r:.80}")

"""NumPy arrays <-> the JSON that TensorFlow Serving's REST API speaks.

Numbers are JSON numbers, `NaN`, `Infinity` and `-Infinity` among them; strings go as `{"b64": ...}`, so that
any bytes survive, and come as JSON strings or as `{"b64": ...}`.
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

    float32 values survive exactly: they are written as the float64 that they equal.

    Raises:
        TypeError: a dtype that JSON lacks (complex numbers).
    """
    columns = {name: array.tolist() for name, array in inputs.items()}
    body = {"signature_name": signature_name, "inputs": columns}
    return json.dumps(body, default=_b64, separators=(",", ":")).encode()


def load(body: bytes) -> Any:
    """Returns the value of a JSON text; raises `ValueError` if it is none.

    Bytes that are not UTF-8 are kept: TensorFlow Serving writes string tensors as they are.
    """
    try:
        return json.loads(body.decode("utf-8", "surrogateescape"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_outputs(value: Any, outputs: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    """Returns the arrays of an answer's `outputs`: a bare value for one output, else an object.

    Raises:
        ValueError, TypeError, OverflowError: the value does not fit the signature.
    """
    named = {next(iter(outputs)): value} if len(outputs) == 1 else value
    if not isinstance(named, dict) or set(named) != set(outputs):
        raise ValueError(f"expected the outputs {', '.join(outputs)}")
    return {name: _read(named[name], info) for name, info in outputs.items()}


def _read(value: Any, info: TensorInfo) -> np.ndarray:
    array = np.array(value, numpy_dtype(info.dtype))
    if info.dtype == "string":
        array.reshape(-1)[:] = [_bytes(item) for item in array.flat]
    if array.shape == (0,) and info.shape:
        # JSON writes a batch of no rows as [], whatever the shape of a row.
        return array.reshape(0, *(size or 0 for size in info.shape[1:]))
    return array


def _b64(value: Any) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"JSON has no {type(value).__name__}")
    return {"b64": base64.b64encode(value).decode("ascii")}


def _bytes(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode("utf-8", "surrogateescape")
    if isinstance(item, dict) and set(item) == {"b64"}:
        return base64.b64decode(item["b64"] + "==")  # with or without padding
    raise ValueError(f"expected strings, not {item!r:.80}")

"""Writes values as JSON: numbers in replies, and wrong values in error texts."""

import json
from array import array
from typing import Any

import numpy as np

# An error text must not repeat a large body.
_MAX_VALUE_IN_ERROR = 256
_TYPE_NAMES = {
    type(None): "Null",
    dict: "Object",
    list: "Array",
    str: "String",
    int: "Number",
    float: "Number",
}


def name_json_type(value: Any) -> str:
    """Returns RapidJSON's name for the type of a value: `Null`, `False`, `True`, `Object`, ..."""
    return str(value) if isinstance(value, bool) else _TYPE_NAMES[type(value)]


def format_floats(values: np.ndarray) -> list[str]:
    """Returns the texts of a flat float32 or float64 array, the way TensorFlow Serving writes them.

    `%.6g` if that reads back as the same number, otherwise `%.9g` (float32) or `%.17g` (float64).
    """
    numbers = values.tolist()
    texts = [format(number, ".6g") for number in numbers]
    single = values.dtype == np.float32
    read_back = array("f" if single else "d", map(float, texts))
    long = ".9g" if single else ".17g"
    return [
        _finish(text if same == number else format(number, long))
        for text, same, number in zip(texts, read_back, numbers, strict=True)
    ]


def quote(text: str) -> str:
    """Returns a JSON string, which escapes only quotes, backslashes and control characters."""
    return json.dumps(text, ensure_ascii=False)


def describe(value: Any) -> str:
    """Returns the start of a value's JSON, for error texts."""
    written = bytearray()
    # In pieces, so that most of a large value is never written.
    for piece in json.JSONEncoder(indent=4, ensure_ascii=False).iterencode(value):
        written += piece.encode("utf-8", "surrogateescape")
        if len(written) > _MAX_VALUE_IN_ERROR:
            break
    return written[:_MAX_VALUE_IN_ERROR].decode("utf-8", "replace")


def format_shape(array: np.ndarray) -> str:
    """Returns an array's shape in upstream's form, `[2,3]`."""
    return f"[{','.join(map(str, array.shape))}]"


def _finish(text: str) -> str:
    if text in ("nan", "inf", "-inf"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    # A whole number remains a float.
    return text if "." in text or "e" in text else text + ".0"

"""The usual body of a REST predict request, which holds nothing but numbers, read fast.

simdjson writes the numbers of nested lists one after the other into a buffer, which becomes the array. That
the lists are regular is seen from the body's brackets and commas: with everything else taken away they must
be those of a tensor. Whatever is unusual (text, ragged lists, an error) is left to `json_request`, which says
upstream's words.
"""

from typing import Any

import numpy as np
import simdjson

from keras_session5.server.codecs.json_parser import INFINITY, NAN, Json

# What numbers are written with. Names lose these characters too, on both sides of the comparison.
_OF_NUMBERS = b"0123456789.eE+- \t\r\n"
# To find a row, simdjson passes all those before it.
_MOST_NAMED_ROWS = 256

# Input names to values; None for the name of a value that stands bare.
Numbers = dict[str | None, np.ndarray]


def read_numbers(json: Json) -> tuple[str, Numbers] | None:
    """Returns `instances` or `inputs`, whichever an object has, and the values as int64 or float64.

    None if the object holds anything but regular lists of numbers and the name of a signature.
    """
    document = json.root
    try:
        keys = list(document)
        name = document["signature_name"] if "signature_name" in keys else ""
        form = "instances" if "instances" in keys else "inputs"
        if set(keys) - {"signature_name"} != {form}:
            return None
        value, pattern = _rows(document[form]) if form == "instances" else _columns(document[form])
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    members = (
        _plain(f'"{key}":' + (f'"{name}"' if key == "signature_name" else ""))
        + (b"" if key != form else pattern)
        for key in keys
    )
    if not value or json.text.translate(None, _OF_NUMBERS) != b"{" + b",".join(members) + b"}":
        return None
    if json.has_words:
        value = {alias: _with_words(array) for alias, array in value.items()}
    return form, value


def _with_words(array: np.ndarray) -> np.ndarray:
    """Returns the array with NaN and infinity in place of the numbers that stand for them."""
    if array.dtype == np.int64:
        return array
    array = np.where(array == NAN, np.nan, array)
    return np.where(np.abs(array) == INFINITY, np.copysign(np.inf, array), array)


def _columns(value: Any) -> tuple[Numbers, bytes]:
    """Returns a value for each input, and the brackets and commas that regular lists of them have."""
    if isinstance(value, simdjson.Object):
        arrays: Numbers = {str(name): _array(value[name]) for name in value}
        return arrays, _object(arrays)
    return _bare(value)


def _rows(value: Any) -> tuple[Numbers, bytes]:
    """Returns the same of a list with an object for each row."""
    if not isinstance(value, simdjson.Array) or not isinstance(value[0], simdjson.Object):
        return _bare(value)
    if len(value) > _MOST_NAMED_ROWS:
        raise ValueError("too many rows to be found one by one")
    # By index: going over the list would make Python's lists of what it holds.
    rows = [_columns(value[at])[0] for at in range(len(value))]
    arrays: Numbers = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return arrays, b"[" + b",".join([_object(rows[0])] * len(rows)) + b"]"


def _bare(value: Any) -> tuple[Numbers, bytes]:
    array = _array(value)
    return {None: array}, _pattern(array.shape)


def _array(value: Any) -> np.ndarray:
    if not isinstance(value, simdjson.Array):
        raise TypeError("a bare number is too small to be worth it")
    shape, first = [], value
    while isinstance(first, simdjson.Array):
        shape.append(len(first))
        first = first[0]
    try:
        buffer = np.frombuffer(value.as_buffer(of_type="i"), np.int64)
    except TypeError:
        buffer = np.frombuffer(value.as_buffer(of_type="d"), np.float64)
    return buffer.reshape(shape)


def _object(arrays: Numbers) -> bytes:
    return b"{" + b",".join(_plain(f'"{name}":') + _pattern(arrays[name].shape) for name in arrays) + b"}"


def _plain(text: str) -> bytes:
    return text.encode().translate(None, _OF_NUMBERS)


def _pattern(shape: tuple[int, ...]) -> bytes:
    """Returns the brackets and commas of a tensor."""
    pattern = b""
    for size in reversed(shape):
        pattern = b"[" + b",".join([pattern] * size) + b"]"
    return pattern

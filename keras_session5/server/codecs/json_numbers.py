"""A fast reader for the usual body of a REST predict request, which holds only numbers.

simdjson writes the numbers of nested lists into one buffer, which becomes the array. The body's brackets and
commas show whether the lists are regular: without all other characters they must be those of a tensor. Any
other body (text, ragged lists, an error) is left to `json_request`, which has upstream's error texts.
"""

from typing import Any

import numpy as np
import simdjson

from keras_session5.server.codecs.json_parser import INFINITY, NAN, Json

# The characters of numbers. Names lose them too, on both sides of the comparison.
_OF_NUMBERS = b"0123456789.eE+- \t\r\n"
# To find a row, simdjson skips all rows before it.
_MOST_NAMED_ROWS = 256

# Values by input name; None is the name of a value without one.
Numbers = dict[str | None, np.ndarray]


def read_numbers(json: Json) -> tuple[str, Numbers] | None:
    """Returns the key, `instances` or `inputs`, and its values as int64 or float64.

    Returns None if the object holds anything but regular lists of numbers and the name of a signature.
    """
    document = json.root
    try:
        keys = list(document)
        name = document["signature_name"] if "signature_name" in keys else ""
        form = "instances" if "instances" in keys else "inputs"
        if set(keys) - {"signature_name"} != {form}:
            return None
        value, pattern = _read_rows(document[form]) if form == "instances" else _read_columns(document[form])
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    members = (
        _strip(f'"{key}":' + (f'"{name}"' if key == "signature_name" else ""))
        + (b"" if key != form else pattern)
        for key in keys
    )
    if not value or json.text.translate(None, _OF_NUMBERS) != b"{" + b",".join(members) + b"}":
        return None
    if json.has_words:
        value = {alias: _restore_words(array) for alias, array in value.items()}
    return form, value


def _restore_words(array: np.ndarray) -> np.ndarray:
    """Returns the array with NaN and infinity in place of their stand-ins."""
    if array.dtype == np.int64:
        return array
    array = np.where(array == NAN, np.nan, array)
    return np.where(np.abs(array) == INFINITY, np.copysign(np.inf, array), array)


def _read_columns(value: Any) -> tuple[Numbers, bytes]:
    """Returns the values by input, and the brackets and commas of regular lists with these shapes."""
    if isinstance(value, simdjson.Object):
        arrays: Numbers = {str(name): _read_array(value[name]) for name in value}
        return arrays, _make_object_pattern(arrays)
    return _read_unnamed(value)


def _read_rows(value: Any) -> tuple[Numbers, bytes]:
    """Returns the same for a list of rows."""
    if not isinstance(value, simdjson.Array) or not isinstance(value[0], simdjson.Object):
        return _read_unnamed(value)
    if len(value) > _MOST_NAMED_ROWS:
        raise ValueError("too many rows to find one by one")
    # By index, because iteration would convert the rows to Python lists.
    rows = [_read_columns(value[at])[0] for at in range(len(value))]
    arrays: Numbers = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return arrays, b"[" + b",".join([_make_object_pattern(rows[0])] * len(rows)) + b"]"


def _read_unnamed(value: Any) -> tuple[Numbers, bytes]:
    array = _read_array(value)
    return {None: array}, _make_pattern(array.shape)


def _read_array(value: Any) -> np.ndarray:
    if not isinstance(value, simdjson.Array):
        raise TypeError("a single number is not worth the effort")
    shape, first = [], value
    while isinstance(first, simdjson.Array):
        shape.append(len(first))
        first = first[0]
    try:
        buffer = np.frombuffer(value.as_buffer(of_type="i"), np.int64)
    except TypeError:
        buffer = np.frombuffer(value.as_buffer(of_type="d"), np.float64)
    return buffer.reshape(shape)


def _make_object_pattern(arrays: Numbers) -> bytes:
    return (
        b"{" + b",".join(_strip(f'"{name}":') + _make_pattern(arrays[name].shape) for name in arrays) + b"}"
    )


def _strip(text: str) -> bytes:
    return text.encode().translate(None, _OF_NUMBERS)


def _make_pattern(shape: tuple[int, ...]) -> bytes:
    """Returns the brackets and commas of a tensor."""
    pattern = b""
    for size in reversed(shape):
        pattern = b"[" + b",".join([pattern] * size) + b"]"
    return pattern

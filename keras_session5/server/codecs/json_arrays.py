"""Converts a JSON value to a tensor of a given element type, with TensorFlow Serving's error texts."""

import base64
import binascii
from itertools import chain
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from keras_session5.errors import InvalidArgumentError, UnimplementedError
from keras_session5.server.codecs.json_text import describe, name_json_type
from keras_session5.server.codecs.tensors import get_max_rank, name_dtype
from keras_session5.server.deadline import check_deadline

_INT32 = (-(2**31), 2**31 - 1)
# As in TensorFlow Serving, narrow types accept any int32 and wrap around.
_RANGES = {
    types_pb2.DT_INT8: _INT32,
    types_pb2.DT_UINT8: _INT32,
    types_pb2.DT_INT16: _INT32,
    types_pb2.DT_INT32: _INT32,
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}
_FLOATS = (types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE)
_LEAF_TYPES = {dtype: {int} for dtype in _RANGES} | {
    types_pb2.DT_FLOAT: {int, float},
    types_pb2.DT_DOUBLE: {int, float},
    types_pb2.DT_BOOL: {bool},
    types_pb2.DT_STRING: {str, dict},
}


def is_base64(value: Any) -> bool:
    """Whether a value is `{"b64": "<text>"}`, the form of bytes."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def infer_shape(value: Any) -> tuple[int, ...]:
    """Returns the shape along the first element of each nested list."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def to_array(value: Any, dtype: int, alias: str) -> np.ndarray:
    """Returns the tensor that a nested list holds.

    Args:
        value: the parsed JSON value.
        dtype: TensorFlow's `DataType` of the input.
        alias: the input's name, for error texts.

    Raises:
        InvalidArgumentError: the list is ragged, too deep, or holds a value of another type.
        UnimplementedError: JSON has no form for this element type.
    """
    array = to_regular_array(value, dtype, alias)
    if array is None:
        _refuse_first(value, 0, infer_shape(value), dtype)
        raise AssertionError("no element is wrong, yet the list is not regular")
    return array


def to_regular_array(value: Any, dtype: int, alias: str) -> np.ndarray | None:
    """Returns the same, but None if the list is ragged or holds a value of another type."""
    shape = infer_shape(value)
    if len(shape) > get_max_rank(dtype):  # comes before all other errors
        raise InvalidArgumentError(f"tensor parsing error: {alias}")
    leaves = _flatten(value, shape)
    if leaves is None or not set(map(type, leaves)) <= _LEAF_TYPES.get(dtype, set()):
        return None
    return _make_array(leaves, dtype).reshape(shape)


def convert_numbers(numbers: np.ndarray, dtype: int) -> np.ndarray | None:
    """Converts int64 or float64 numbers to an element type; returns None if one is out of its range."""
    if dtype in _FLOATS:
        with np.errstate(over="ignore"):
            return numbers.astype(np.float64).astype(tf.as_dtype(dtype).as_numpy_dtype)
    if dtype in _RANGES and numbers.dtype == np.int64:
        lowest, highest = _RANGES[dtype]
        if lowest <= numbers.min() and numbers.max() <= highest:
            return numbers.astype(tf.as_dtype(dtype).as_numpy_dtype)
    return None


def _flatten(value: Any, shape: tuple[int, ...]) -> list[Any] | None:
    """Returns the leaves of a regular nested list, or None if it is ragged."""
    items = [value]
    for size in shape:
        if any(type(item) is not list or len(item) != size for item in items):
            return None
        items = list(chain.from_iterable(items))
    return None if list in set(map(type, items)) else items


def _make_array(leaves: list[Any], dtype: int) -> np.ndarray:
    if dtype == types_pb2.DT_STRING:
        strings = np.empty(len(leaves), dtype=object)
        strings[:] = [to_bytes(leaf) for leaf in leaves]
        return strings
    numpy_dtype = tf.as_dtype(dtype).as_numpy_dtype
    if dtype in _FLOATS:
        with np.errstate(over="ignore"):
            return np.array(leaves, np.float64).astype(numpy_dtype)
    if dtype in _RANGES:
        _check_range(leaves, dtype)
        wide = np.uint64 if dtype == types_pb2.DT_UINT64 else np.int64
        return np.array(leaves, wide).astype(numpy_dtype)
    return np.array(leaves, numpy_dtype)


def _check_range(leaves: list[Any], dtype: int) -> None:
    lowest, highest = _RANGES[dtype]
    if leaves and not (lowest <= min(leaves) and max(leaves) <= highest):
        raise _make_type_error(next(leaf for leaf in leaves if not lowest <= leaf <= highest), dtype)


def to_bytes(leaf: str | dict) -> bytes:
    """Returns the bytes in a string or in a `{"b64": ...}` object."""
    if isinstance(leaf, str):
        return leaf.encode("utf-8", "surrogateescape")
    if not is_base64(leaf):
        raise InvalidArgumentError(f"JSON Value: {describe(leaf)} not formatted correctly for base64 data")
    text = "".join(leaf["b64"].split())
    padding = "" if text.endswith("=") else "=" * (-len(text) % 4)
    try:
        return base64.b64decode(text + padding, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidArgumentError("Unable to base64 decode") from error


def _refuse_first(value: Any, level: int, shape: tuple[int, ...], dtype: int) -> None:
    """Raises upstream's error for the first wrong element, in upstream's order."""
    rank = len(shape)
    if not isinstance(value, list):
        if level != rank:
            raise InvalidArgumentError(
                f"JSON Value: {describe(value)} found at incorrect level: {level + 1}"
                f" in the JSON DOM. Expected at level: {rank}"
            )
        _check_leaf(value, dtype)
        return
    if level >= rank:
        raise InvalidArgumentError(f"Encountered list at unexpected level: {level} expected < {rank}")
    if len(value) != shape[level]:
        raise InvalidArgumentError(
            f"Encountered list at unexpected size: {len(value)} at level: {level}"
            f" expected size: {shape[level]}"
        )
    check_deadline()
    for item in value:
        _refuse_first(item, level + 1, shape, dtype)


def _check_leaf(value: Any, dtype: int) -> None:
    if dtype not in _LEAF_TYPES and not isinstance(value, dict):
        raise UnimplementedError(f"Conversion of JSON Value: {describe(value)} to type: {name_dtype(dtype)}")
    if type(value) not in _LEAF_TYPES.get(dtype, set()):
        raise _make_type_error(value, dtype)
    if dtype in _RANGES:
        _check_range([value], dtype)
    elif dtype == types_pb2.DT_STRING:
        to_bytes(value)


def _make_type_error(value: Any, dtype: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"JSON Value: {describe(value)} Type: {name_json_type(value)} is not of expected type:"
        f" {name_dtype(dtype)}"
    )

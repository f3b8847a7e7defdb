"""The body of a REST predict reply."""

import base64
import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.codecs.json_request import Form
from keras_session5.server.codecs.json_text import format_floats, quote
from keras_session5.server.codecs.tensors import name_dtype

_WRITABLE_INTEGERS = ("int8", "uint8", "int16", "int32", "int64", "uint32", "uint64")
_INDENT = "    "


def write_predictions(outputs: Mapping[str, np.ndarray], form: Form) -> bytes:
    """Returns the reply's JSON: `predictions` with one element per row, or `outputs` with one per tensor.

    Several outputs are written as objects, a single one without its name. If the name of an output ends in
    `_bytes`, its strings are written as `{"b64": ...}`.
    """
    text = _format_rows(outputs) if form is Form.ROW else _format_columns(outputs)
    return f'{{\n{_INDENT}"{form.value}": {text}\n}}'.encode("utf-8", "surrogateescape")


def _format_columns(outputs: Mapping[str, np.ndarray]) -> str:
    values = {alias: _nest(_to_texts(alias, array), array.shape, 0)[0] for alias, array in outputs.items()}
    if len(values) == 1:
        return next(iter(values.values()))
    return _format_object(values, _INDENT)


def _format_rows(outputs: Mapping[str, np.ndarray]) -> str:
    _check_batch(outputs)
    columns = {alias: _nest(_to_texts(alias, array), array.shape, 1) for alias, array in outputs.items()}
    if len(columns) == 1:
        rows = next(iter(columns.values()))
        return f"[{', '.join(rows)}\n{_INDENT}]" if rows else "[]"
    inner = 2 * _INDENT
    objects = [
        _format_object(dict(zip(columns, row, strict=True)), inner)
        for row in zip(*columns.values(), strict=True)
    ]
    return f"[\n{inner}" + f",\n{inner}".join(objects) + f"\n{_INDENT}]" if objects else "[]"


def _check_batch(outputs: Mapping[str, np.ndarray]) -> None:
    batch = None
    for alias, array in outputs.items():
        if not array.ndim:
            raise InvalidArgumentError(f"Tensor name: {alias} has no shape information ")
        if batch not in (None, array.shape[0]):
            raise InvalidArgumentError(
                f"Tensor name: {alias} has inconsistent batch size: {array.shape[0]} expecting: {batch}"
            )
        batch = array.shape[0]


def _to_texts(alias: str, array: np.ndarray) -> list[str]:
    """Returns the JSON of each element, in row-major order."""
    if not array.size:
        return []  # whatever the type
    flat = array.ravel()
    name = tf.as_dtype(array.dtype).name
    if name in ("float32", "float64"):
        return format_floats(flat)
    if name in _WRITABLE_INTEGERS:
        return list(map(str, flat.tolist()))
    if name == "bool":
        return ["true" if value else "false" for value in flat.tolist()]
    if name == "string" and alias.endswith("_bytes"):
        return [f'{{"b64": "{base64.b64encode(value).decode()}"}}' for value in flat]
    if name == "string":
        return [quote(value.decode("utf-8", "surrogateescape")) for value in flat]
    type_name = name_dtype(tf.as_dtype(array.dtype).as_datatype_enum)
    raise InvalidArgumentError(f"Failed to write JSON value for tensor type: {type_name}")


def _nest(texts: list[str], shape: tuple[int, ...], keep: int) -> list[str]:
    """Puts brackets around the texts of a tensor's elements, except along its first `keep` axes."""
    for axis in reversed(range(keep, len(shape))):
        size, count = shape[axis], math.prod(shape[:axis])
        texts = [f"[{', '.join(texts[i * size : (i + 1) * size])}]" for i in range(count)]
    return texts


def _format_object(members: Mapping[str, str], indent: str) -> str:
    inner = indent + _INDENT
    lines = ",\n".join(f"{inner}{quote(alias)}: {text}" for alias, text in members.items())
    return f"{{\n{lines}\n{indent}}}"

"""Converts between NumPy arrays and `tensorflow.TensorProto`."""

import math
from typing import Any

import numpy as np

from keras_session5.client.dtypes import FIELDS, dtype_name, numpy_dtype, tf_dtype_name
from keras_session5.client.protos import data_type_name, data_type_number
from keras_session5.errors import InvalidArgumentError

# Fields that store another dtype: bit patterns, or pairs of real numbers.
_STORED_AS = {"float16": "uint16", "complex64": "float32", "complex128": "float64"}


def write(array: np.ndarray, proto: Any) -> None:
    """Fills an empty `TensorProto`: strings as `string_val`, other dtypes as `tensor_content`.

    Args:
        array: array of any shape; strings as an object array of bytes.
        proto: the message to fill in place, which avoids a copy of a large array.

    Raises:
        UnimplementedError: if TensorFlow lacks the dtype.
    """
    name = "string" if array.dtype == object else array.dtype.name
    proto.dtype = data_type_number(tf_dtype_name(name))
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    if name == "string":
        proto.string_val.extend(array.flat)
    else:
        # The format is little-endian on every machine.
        proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def read(proto: Any) -> np.ndarray:
    """Returns the array that a `TensorProto` holds; strings as an object array of bytes.

    As in TensorFlow, the last typed value repeats if there are fewer values than the shape needs; without any
    values, the tensor holds zeros.

    Raises:
        InvalidArgumentError: if the values do not fit the shape.
        UnimplementedError: if NumPy lacks the dtype.
    """
    name = dtype_name(data_type_name(proto.dtype))
    dtype = numpy_dtype(name)
    shape = [dim.size for dim in proto.tensor_shape.dim]
    try:
        if proto.tensor_content:
            # A copy, because an array over the message's bytes is read-only.
            return np.frombuffer(proto.tensor_content, dtype.newbyteorder("<")).reshape(shape).astype(dtype)
        values = np.array(getattr(proto, FIELDS[name]), _STORED_AS.get(name, dtype))
        if name in _STORED_AS:
            values = values.view(dtype)
        return _repeat_last(values, math.prod(shape)).reshape(shape)
    except ValueError as error:
        raise InvalidArgumentError(f"A tensor's values do not fit its shape {shape}: {error}") from error


def _repeat_last(values: np.ndarray, size: int) -> np.ndarray:
    if values.size > size:
        raise ValueError(f"{values.size} values for {size} places")
    if not values.size:
        return np.full(size, b"" if values.dtype == object else 0, values.dtype)
    return np.pad(values, (0, size - values.size), mode="edge")

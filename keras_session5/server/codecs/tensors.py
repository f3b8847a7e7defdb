"""Converts `TensorProto` to NumPy and back, like `Tensor::FromProto` and `Tensor::AsProtoField`."""

import math
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2

from keras_session5.errors import InvalidArgumentError, ResourceExhaustedError
from keras_session5.server.deadline import check_deadline

_INTEGERS = ("DT_INT8", "DT_UINT8", "DT_INT16", "DT_UINT16", "DT_INT32")
# The field for values of each element type, if they are not in `tensor_content`.
_FIELDS = {types_pb2.DataType.Value(name): "int_val" for name in _INTEGERS} | {
    types_pb2.DT_FLOAT: "float_val",
    types_pb2.DT_DOUBLE: "double_val",
    types_pb2.DT_INT64: "int64_val",
    types_pb2.DT_UINT32: "uint32_val",
    types_pb2.DT_UINT64: "uint64_val",
    types_pb2.DT_BOOL: "bool_val",
    types_pb2.DT_STRING: "string_val",
    types_pb2.DT_HALF: "half_val",
    types_pb2.DT_BFLOAT16: "half_val",
    types_pb2.DT_COMPLEX64: "scomplex_val",
    types_pb2.DT_COMPLEX128: "dcomplex_val",
}
# The integers that hold the quantised types.
_QUANTISED = {
    types_pb2.DT_QINT8: np.int8,
    types_pb2.DT_QUINT8: np.uint8,
    types_pb2.DT_QINT16: np.int16,
    types_pb2.DT_QUINT16: np.uint16,
    types_pb2.DT_QINT32: np.int32,
}
_FIELDS |= dict.fromkeys(_QUANTISED, "int_val")
# A message of a few bytes must not cost gigabytes. A tensor filled with one value takes memory only while the
# model runs; one filled with the last of several values takes it at once.
_MAX_BYTES_OF_ONE = 64 * 2**20
_MAX_BYTES_OF_SEVERAL = 2**20
_MAX_GROWTH = 16
_CHUNK = 2**16  # values to convert at a time: the Python objects of a tensor take ten times its size
_UPSTREAM_NAMES = {"float16": "half", "float32": "float", "float64": "double"}


def name_dtype(dtype: int) -> str:
    """Returns the name of an element type in TensorFlow's C++ messages: `float`, `half`, `int64`."""
    name = tf.as_dtype(dtype).name
    return _UPSTREAM_NAMES.get(name, name)


def check_dtypes(arrays: Iterable[np.ndarray], expected: Iterable[int]) -> None:
    """Raises upstream's error for the first array with another element type than expected."""
    for index, (array, dtype) in enumerate(zip(arrays, expected, strict=True)):
        provided = tf.as_dtype(array.dtype).as_datatype_enum
        if provided != dtype:
            raise InvalidArgumentError(
                f"Expects arg[{index}] to be {name_dtype(dtype)} but {name_dtype(provided)} is provided"
            )


def get_max_rank(dtype: int) -> int:
    """Returns the highest rank of an array that TensorFlow can take, by element type.

    NumPy's limit is 64; strings of a rank above 32 end the process in TensorFlow's conversion.
    """
    return 32 if dtype == types_pb2.DT_STRING else 64


def decode_tensor(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """Returns the array in a `TensorProto`.

    If the message has too few values, the last one fills the rest of the shape, zero without any; surplus
    values are ignored.

    Raises:
        ValueError: the shape is unknown or negative, or the packed bytes do not match it.
        ResourceExhaustedError: the shape is far larger than the values in the message.
    """
    shape = _read_shape(proto.tensor_shape)
    if len(shape) > get_max_rank(proto.dtype):
        raise ValueError("a value has too many dimensions")
    field = _FIELDS.get(proto.dtype)
    packed_strings = proto.dtype == types_pb2.DT_STRING and proto.tensor_content
    if field is None or packed_strings:
        return _decode_with_tensorflow(proto)
    final = np.dtype(tf.as_dtype(proto.dtype).as_numpy_dtype)
    dtype = np.dtype(_QUANTISED.get(proto.dtype, final))
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape).view(final)
    values = _read_field(getattr(proto, field), field, dtype)
    return _fill(values, math.prod(shape)).reshape(shape).view(final)


def fill_tensor(proto: tensor_pb2.TensorProto, array: np.ndarray, as_content: bool = False) -> None:
    """Writes an array into an empty `TensorProto`, in the field of its element type.

    With `as_content`, and for types without a field, it becomes bytes in `tensor_content`; strings never do.
    """
    proto.dtype = tf.as_dtype(array.dtype).as_datatype_enum
    proto.tensor_shape.SetInParent()
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    field = _FIELDS.get(proto.dtype)
    if field is None or (as_content and array.dtype != object):
        proto.tensor_content = array.tobytes()
        return
    flat = array.reshape(-1)
    if proto.dtype in _QUANTISED:
        flat = flat.view(_QUANTISED[proto.dtype])
    elif field == "half_val":
        flat = flat.view(np.uint16)
    elif array.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    values = getattr(proto, field)
    for start in range(0, len(flat), _CHUNK):
        check_deadline()
        values.extend(flat[start : start + _CHUNK].tolist())


def _read_shape(proto: tensor_shape_pb2.TensorShapeProto) -> tuple[int, ...]:
    shape = tuple(dim.size for dim in proto.dim)
    if proto.unknown_rank or any(size < 0 for size in shape):
        raise ValueError("the shape of a value must be known")
    return shape


def _read_field(values, field: str, dtype) -> np.ndarray:
    if field == "half_val":  # the bits are in the lower half of an integer
        return _to_array(values, np.int64).astype(np.uint16).view(dtype)
    if field in ("scomplex_val", "dcomplex_val"):  # real and imaginary parts alternate
        real = np.float32 if field == "scomplex_val" else np.float64
        return _to_array(values, real)[: len(values) // 2 * 2].view(dtype)
    if field == "int_val":  # an int32 wraps around in a narrower type, like a C++ cast
        return _to_array(values, np.int64).astype(dtype)
    return _to_array(values, dtype)


def _to_array(values, dtype) -> np.ndarray:
    """Returns a repeated field as an array, in chunks: NumPy would first make one list of all values."""
    array = np.empty(len(values), dtype)
    for start in range(0, len(array), _CHUNK):
        check_deadline()
        array[start : start + _CHUNK] = values[start : start + _CHUNK]
    return array


def _fill(values: np.ndarray, size: int) -> np.ndarray:
    if len(values) >= size:
        return values[:size]
    one = len(values) <= 1
    largest = _MAX_BYTES_OF_ONE if one else max(_MAX_BYTES_OF_SEVERAL, _MAX_GROWTH * values.nbytes)
    if size * values.itemsize > largest:
        raise ResourceExhaustedError(
            f"A tensor of {size:,} elements must be sent with more of its values. Received: {len(values):,}"
        )
    last = values[-1] if len(values) else b"" if values.dtype == object else 0
    filled = np.broadcast_to(np.array(last, values.dtype), size if one else size - len(values))
    return filled if one else np.concatenate([values, filled])


def _decode_with_tensorflow(proto: tensor_pb2.TensorProto) -> np.ndarray:
    try:
        return np.asarray(tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)).numpy())
    except (tf.errors.OpError, TypeError) as error:
        raise ValueError(str(error)) from error

"""`TensorProto` to NumPy and back, as TensorFlow's `Tensor::FromProto` and `Tensor::AsProtoField` do it."""

import math
from collections.abc import Iterable

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2, tensor_shape_pb2, types_pb2

from keras_session5.errors import InvalidArgumentError, ResourceExhaustedError
from keras_session5.server.deadline import check_deadline

_INTEGERS = ("DT_INT8", "DT_UINT8", "DT_INT16", "DT_UINT16", "DT_INT32")
# Where each element type keeps its values when they are not packed into `tensor_content`.
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
# NumPy arrays of the quantised types are of integers in disguise.
_QUANTISED = {
    types_pb2.DT_QINT8: np.int8,
    types_pb2.DT_QUINT8: np.uint8,
    types_pb2.DT_QINT16: np.int16,
    types_pb2.DT_QUINT16: np.uint16,
    types_pb2.DT_QINT32: np.int32,
}
_FIELDS |= dict.fromkeys(_QUANTISED, "int_val")
# A message of a few bytes must not cost gigabytes. One value that fills a tensor takes memory only while the
# model runs; several, of which the last is repeated, take it at once.
_LARGEST_OF_ONE = 64 * 2**20
_LARGEST_OF_SEVERAL = 2**20
_MOST_REPEATED = 16
_CHUNK = (
    2**16
)  # values that are Python objects at a time: those of a whole tensor would take its size ten times
_UPSTREAM_NAMES = {"float16": "half", "float32": "float", "float64": "double"}


def dtype_name(dtype: int) -> str:
    """Returns the name that TensorFlow's C++ messages give an element type: `float`, `half`, `int64`."""
    name = tf.as_dtype(dtype).name
    return _UPSTREAM_NAMES.get(name, name)


def check_dtypes(arrays: Iterable[np.ndarray], expected: Iterable[int]) -> None:
    """Raises upstream's error for the first array that has not the expected element type."""
    for index, (array, dtype) in enumerate(zip(arrays, expected, strict=True)):
        provided = tf.as_dtype(array.dtype).as_datatype_enum
        if provided != dtype:
            raise InvalidArgumentError(
                f"Expects arg[{index}] to be {dtype_name(dtype)} but {dtype_name(provided)} is provided"
            )


def most_dimensions(dtype: int) -> int:
    """Returns the highest rank that an array of an element type can have on its way into TensorFlow.

    NumPy has 64; strings with more than 32 end the process in TensorFlow's conversion.
    """
    return 32 if dtype == types_pb2.DT_STRING else 64


def decode_tensor(proto: tensor_pb2.TensorProto) -> np.ndarray:
    """Returns the array that a `TensorProto` holds.

    Fewer values than the shape asks for are filled up with the last one (so one value fills the whole shape),
    none with zeros, and surplus ones are ignored.

    Raises:
        ValueError: the shape is unknown or negative, or the packed bytes do not fit it.
        ResourceExhaustedError: the shape is far larger than the values that were sent.
    """
    shape = _static_shape(proto.tensor_shape)
    if len(shape) > most_dimensions(proto.dtype):
        raise ValueError("a value has too many dimensions")
    field = _FIELDS.get(proto.dtype)
    packed_strings = proto.dtype == types_pb2.DT_STRING and proto.tensor_content
    if field is None or packed_strings:
        return _decode_with_tensorflow(proto)
    final = np.dtype(tf.as_dtype(proto.dtype).as_numpy_dtype)
    dtype = np.dtype(_QUANTISED.get(proto.dtype, final))
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, dtype).reshape(shape).view(final)
    values = _field_values(getattr(proto, field), field, dtype)
    return _fill(values, math.prod(shape)).reshape(shape).view(final)


def encode_tensor(array: np.ndarray, as_content: bool = False) -> tensor_pb2.TensorProto:
    """Returns the `TensorProto` of an array, with its values in the typed field.

    Args:
        array: the values.
        as_content: put them into `tensor_content` instead, as bytes, where their type can be.
    """
    proto = tensor_pb2.TensorProto()
    fill_tensor(proto, array, as_content)
    return proto


def fill_tensor(proto: tensor_pb2.TensorProto, array: np.ndarray, as_content: bool = False) -> None:
    """Writes an array into an empty `TensorProto`, as `encode_tensor` does."""
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


def _static_shape(proto: tensor_shape_pb2.TensorShapeProto) -> tuple[int, ...]:
    shape = tuple(dim.size for dim in proto.dim)
    if proto.unknown_rank or any(size < 0 for size in shape):
        raise ValueError("the shape of a value must be known")
    return shape


def _field_values(values, field: str, dtype) -> np.ndarray:
    if field == "half_val":  # the bits, in the lower half of an integer
        return _array(values, np.int64).astype(np.uint16).view(dtype)
    if field in ("scomplex_val", "dcomplex_val"):  # real and imaginary parts in turn
        real = np.float32 if field == "scomplex_val" else np.float64
        return _array(values, real)[: len(values) // 2 * 2].view(dtype)
    if field == "int_val":  # an int32 that wraps around in a narrower type, as a C++ cast does
        return _array(values, np.int64).astype(dtype)
    return _array(values, dtype)


def _array(values, dtype) -> np.ndarray:
    """Returns a repeated field as an array, which NumPy would make of a list of all its values."""
    array = np.empty(len(values), dtype)
    for start in range(0, len(array), _CHUNK):
        check_deadline()
        array[start : start + _CHUNK] = values[start : start + _CHUNK]
    return array


def _fill(values: np.ndarray, size: int) -> np.ndarray:
    if len(values) >= size:
        return values[:size]
    one = len(values) <= 1
    largest = _LARGEST_OF_ONE if one else max(_LARGEST_OF_SEVERAL, _MOST_REPEATED * values.nbytes)
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

import json
import math

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from tensorflow.core.framework import tensor_pb2, types_pb2

from keras_session5.errors import ResourceExhaustedError
from keras_session5.server.codecs.json_request import Form
from keras_session5.server.codecs.json_response import write_predictions
from keras_session5.server.codecs.json_text import describe, format_floats
from keras_session5.server.codecs.tensors import decode_tensor, fill_tensor

ARRAYS = [
    *(np.array([[0, 1, 3]]).astype(kind) for kind in "bBhHiIlLefdFD?"),
    np.array([1.5, -2], ml_dtypes.bfloat16),
    np.array(7.5, np.float32),
    np.zeros((0, 3), np.float32),
    np.array([b"a", b"\xff\x00"], object),
    np.array(b"scalar", object),
]
PARTIAL = {
    "float_val": (types_pb2.DT_FLOAT, [1.5, 2.5]),
    "half_val": (types_pb2.DT_HALF, [15360, 16384]),
    "int_val": (types_pb2.DT_UINT8, [300, -1]),
    "string_val": (types_pb2.DT_STRING, [b"a", b"b"]),
    "scomplex_val": (types_pb2.DT_COMPLEX64, [1.0, 2.0, 3.0, 4.0]),
}


def _parsed_by_tensorflow(proto: tensor_pb2.TensorProto) -> np.ndarray:
    return np.asarray(tf.io.parse_tensor(proto.SerializeToString(), tf.as_dtype(proto.dtype)).numpy())


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_a_tensor_survives_the_way_there_and_back(array: np.ndarray):
    filled = tensor_pb2.TensorProto()
    fill_tensor(filled, array)
    for proto in (filled, tf.make_tensor_proto(array)):
        decoded = decode_tensor(proto)
        assert (decoded.dtype, decoded.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(decoded, array)
        np.testing.assert_array_equal(_parsed_by_tensorflow(proto), array)


@pytest.mark.parametrize("field", PARTIAL)
@pytest.mark.parametrize("size", [0, 1, 2, 3])
@pytest.mark.parametrize("given_values", [0, 1, 2])
def test_too_few_and_too_many_values_are_read_as_tensorflow_reads_them(
    field: str, size: int, given_values: int
):
    dtype, values = PARTIAL[field]
    proto = tensor_pb2.TensorProto(dtype=dtype)
    proto.tensor_shape.dim.add(size=size)
    getattr(proto, field).extend(values[: given_values * len(values) // 2])
    np.testing.assert_array_equal(decode_tensor(proto), _parsed_by_tensorflow(proto))


def _filled(values: list[float], *shape: int) -> tensor_pb2.TensorProto:
    sizes = {"dim": [{"size": size} for size in shape]}
    return tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape=sizes, float_val=values)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0]])
def test_a_shape_may_promise_only_so_much_more_than_was_sent(values: list[float]):
    with pytest.raises(
        ResourceExhaustedError, match="400,000,000 elements must be sent with more of its values"
    ):
        decode_tensor(_filled(values, 20_000, 20_000))
    filled = decode_tensor(_filled(values, 500, 500))
    assert filled[-1, -1] == (values or [0.0])[-1]


def test_one_value_fills_a_tensor_without_its_memory():
    tensor = decode_tensor(_filled([1.0], 4000, 4000))
    assert tensor.shape == (4000, 4000)
    assert tensor.strides == (0, 0)


def test_packed_strings_and_odd_types_are_read():
    packed = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_content=b"\x01\x02abc")
    packed.tensor_shape.dim.add(size=2)
    np.testing.assert_array_equal(decode_tensor(packed), np.array([b"a", b"bc"], object))


@pytest.mark.parametrize(
    "proto",
    [
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_content=b"12345"),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape={"unknown_rank": True}),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, tensor_shape={"dim": [{"size": -1}]}),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_content=b"\xff"),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_INVALID),
        tensor_pb2.TensorProto(dtype=types_pb2.DT_RESOURCE),
        tensor_pb2.TensorProto(dtype=999),
    ],
)
def test_what_is_no_tensor_is_a_value_error(proto: tensor_pb2.TensorProto):
    with pytest.raises(ValueError):  # noqa: PT011 (the caller only needs the kind)
        decode_tensor(proto)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9000000, "9e+06"),
        (1435774380, "1.43577434e+09"),
        (0.2, "0.2"),
        (1.0, "1.0"),
        (0.00003, "3e-05"),
        (-0.0, "-0.0"),
        (1 / 3, "0.333333343"),
        (123456, "123456.0"),
        (16777216, "16777216.0"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
    ],
)
def test_floats_are_written_as_upstream_writes_them(value: float, text: str):
    assert format_floats(np.array([value], np.float32)) == [text]


def test_doubles_have_seventeen_digits_where_they_need_them():
    assert format_floats(np.array([0.1, 1 / 3, 1e300])) == ["0.1", "0.33333333333333331", "1e+300"]


@given(st.lists(st.floats(width=32)), st.lists(st.floats()))
def test_every_number_reads_back_as_itself(singles: list[float], doubles: list[float]):
    for values in (np.array(singles, np.float32), np.array(doubles, np.float64)):
        texts = ", ".join(format_floats(values))
        np.testing.assert_array_equal(np.array(json.loads(f"[{texts}]"), values.dtype), values)


def test_a_value_in_an_error_text_is_cut():
    assert len(describe("x" * 1000)) == 256
    assert describe([1, {"a": [0.5, None, True]}]) == (
        '[\n    1,\n    {\n        "a": [\n            0.5,\n            null,\n            true\n'
        "        ]\n    }\n]"
    )


def test_empty_axes_are_written_as_empty_lists():
    outputs = {"y": np.zeros((2, 0, 3), np.int32)}
    assert json.loads(write_predictions(outputs, Form.ROW)) == {"predictions": [[], []]}
    outputs = {"y": np.zeros((0, 3), np.int32), "z": np.zeros(0, np.float32)}
    assert json.loads(write_predictions(outputs, Form.ROW)) == {"predictions": []}
    assert json.loads(write_predictions(outputs, Form.COLUMNAR)) == {"outputs": {"y": [], "z": []}}

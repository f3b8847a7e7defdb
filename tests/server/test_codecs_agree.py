"""The fast ways of reading and writing against the general ones and TensorFlow's own, on anything."""

import contextlib
import json
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from tensorflow.core.framework import tensor_pb2, types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from keras_session5.errors import InvalidArgumentError, ServingError
from keras_session5.server.codecs.json_request import Form, PredictBody
from keras_session5.server.codecs.json_response import write_predictions
from keras_session5.server.codecs.tensors import decode_tensor, fill_tensor

DTYPES = [
    types_pb2.DT_FLOAT,
    types_pb2.DT_DOUBLE,
    types_pb2.DT_INT32,
    types_pb2.DT_UINT8,
    types_pb2.DT_INT64,
    types_pb2.DT_UINT64,
    types_pb2.DT_STRING,
    types_pb2.DT_BOOL,
]
# Names that lose characters when numbers are taken away, and numbers at the edges of every type.
NAMES = st.sampled_from(["x", "y", "e", "x1", "x2", "1", "a.b", 'q"', "E-1", ""])
NUMBERS = (
    st.floats()
    | st.integers(-(2**65), 2**65)
    | st.sampled_from([0, -0.0, 1.0, 255, 256, 2**31, 2**53 + 1, 1e39, 5e-324])
)


def _lists(leaves: st.SearchStrategy) -> st.SearchStrategy:
    """Regular nested lists, and some that are not."""
    shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3)
    regular = shapes.flatmap(lambda shape: _nested(leaves, list(shape)))
    return regular | st.recursive(leaves, lambda inner: st.lists(inner, max_size=3), max_leaves=8)


def _nested(leaves: st.SearchStrategy, shape: list[int]) -> st.SearchStrategy:
    if not shape:
        return leaves
    return st.lists(_nested(leaves, shape[1:]), min_size=shape[0], max_size=shape[0])


VALUES = _lists(NUMBERS | st.sampled_from([True, None, "text"])) | _lists(NUMBERS)
MEMBERS = st.dictionaries(NAMES, VALUES, max_size=3)
FORMS = st.lists(MEMBERS, max_size=3) | MEMBERS | VALUES
BODIES = st.fixed_dictionaries(
    {}, optional={"signature_name": NAMES, "instances": FORMS, "inputs": FORMS, "other": VALUES}
)


def _read(method: str, body: bytes, inputs: dict[str, TensorInfo]) -> Any:
    try:
        found = getattr(PredictBody.parse(body), method)(inputs)
    except ServingError as error:
        return error.code, str(error)
    if not found:
        return None
    tensors, form = found
    return form, {name: (array.dtype, array.shape, array.tolist()) for name, array in tensors.items()}


@given(BODIES, st.dictionaries(NAMES, st.sampled_from(DTYPES), min_size=1, max_size=3), st.booleans())
def test_numbers_are_read_alike_as_an_array_and_one_by_one(
    document: dict, dtypes: dict[str, int], spaced: bool
):
    body = json.dumps(document, indent=1 if spaced else None).encode()
    inputs = {name: TensorInfo(name=name, dtype=dtype) for name, dtype in dtypes.items()}
    numbers = _read("read_numeric_tensors", body, inputs)
    if numbers:
        np.testing.assert_equal(numbers, _read("read_tensors", body, inputs))


@given(st.binary(max_size=60) | st.text('[]{},:"0123456789.-eEnulltrue \n', max_size=60).map(str.encode))
def test_bytes_that_are_no_json_are_not_taken_for_numbers(body: bytes):
    parsed = None
    with contextlib.suppress(InvalidArgumentError):
        parsed = PredictBody.parse(body)
    if parsed and parsed.values:
        values = json.loads(body)[parsed.key]
        assert values == (parsed.values[None].tolist() if None in parsed.values else values)


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=5, max_side=4)), st.booleans())
def test_a_tensor_goes_through_json_and_back(array: np.ndarray, row: bool):
    form = Form.ROW if row else Form.COLUMNAR
    reply = json.loads(write_predictions({"y": array}, form))
    key = {Form.ROW: "instances", Form.COLUMNAR: "inputs"}[form]
    body = json.dumps({key: reply[form.value]}).encode()
    inputs = {"y": TensorInfo(name="y", dtype=types_pb2.DT_FLOAT)}
    parsed = PredictBody.parse(body)
    for found in (parsed.read_numeric_tensors(inputs), parsed.read_tensors(inputs)):
        assert found
        np.testing.assert_array_equal(found[0]["y"], array)


TYPE_NAMES = (
    "float32 float64 float16 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool complex64 complex128"
)
NUMPY_TYPES = st.sampled_from(TYPE_NAMES.split()).map(np.dtype)


@given(
    hnp.arrays(NUMPY_TYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)), st.booleans()
)
def test_a_tensor_goes_through_its_message_and_back_as_tensorflow_reads_it(array: np.ndarray, content: bool):
    proto = tensor_pb2.TensorProto()
    fill_tensor(proto, array, content)
    np.testing.assert_array_equal(decode_tensor(proto), array)
    np.testing.assert_array_equal(tf.make_ndarray(proto), array)
    np.testing.assert_array_equal(decode_tensor(tf.make_tensor_proto(array)), array)


@given(
    hnp.arrays(object, hnp.array_shapes(min_dims=0, max_dims=3, max_side=3), elements=st.binary(max_size=9))
)
def test_strings_go_through_their_message_and_back(array: np.ndarray):
    proto = tensor_pb2.TensorProto()
    fill_tensor(proto, array)
    np.testing.assert_array_equal(decode_tensor(proto), array)
    np.testing.assert_array_equal(tf.make_ndarray(proto), array)

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from keras_session5.client import protos, tensor_proto
from keras_session5.errors import InvalidArgumentError, UnimplementedError

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
SHAPES = hnp.array_shapes(min_dims=0, min_side=0, max_side=4)
NUMBERS = st.sampled_from(DTYPES).flatmap(lambda dtype: hnp.arrays(dtype, SHAPES))
STRINGS = hnp.arrays(object, SHAPES, elements=st.binary(max_size=5))


def typed(dtype: str, shape: list[int], **fields: Any) -> Any:
    """A tensor as a server writes it, with typed fields."""
    proto = protos.TensorProto(dtype=protos.data_type_number(dtype), **fields)
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    return proto


@settings(max_examples=300, deadline=None)
@given(NUMBERS | STRINGS)
def test_arrays_survive_the_round_trip(array: np.ndarray) -> None:
    proto = protos.TensorProto()
    tensor_proto.write(array, proto)
    answer = tensor_proto.read(protos.TensorProto.FromString(proto.SerializeToString()))
    assert (answer.dtype, answer.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(answer, array)
    assert answer.flags.writeable


@settings(max_examples=100, deadline=None)
@given(NUMBERS | STRINGS)
def test_tensorflow_reads_what_is_written_and_writes_what_is_read(array: np.ndarray) -> None:
    import tensorflow as tf

    ours, theirs = protos.TensorProto(), tf.make_tensor_proto(array)
    tensor_proto.write(array, ours)
    np.testing.assert_array_equal(tf.make_ndarray(type(theirs).FromString(ours.SerializeToString())), array)
    answer = tensor_proto.read(protos.TensorProto.FromString(theirs.SerializeToString()))
    assert (answer.dtype, answer.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(answer, array)


@pytest.mark.parametrize(
    ("proto", "expected"),
    [
        (typed("DT_FLOAT", [2, 2], float_val=[1.5]), [[1.5, 1.5], [1.5, 1.5]]),
        (typed("DT_FLOAT", [3], float_val=[1, 2]), [1, 2, 2]),
        (typed("DT_INT32", [2]), [0, 0]),
        (typed("DT_STRING", [2]), [b"", b""]),
        (typed("DT_STRING", [2], string_val=[b"ab"]), [b"ab", b"ab"]),
        (typed("DT_BOOL", [], bool_val=[True]), True),
        (typed("DT_HALF", [2], half_val=[0x3C00, 0xC000]), [1, -2]),
        (typed("DT_COMPLEX64", [1], scomplex_val=[1, 2]), [1 + 2j]),
        (typed("DT_INT8", [2], int_val=[-128, 127]), [-128, 127]),
    ],
)
def test_typed_values_are_completed_as_tensorflow_does(proto: Any, expected: Any) -> None:
    assert tensor_proto.read(proto).tolist() == expected


@pytest.mark.parametrize(
    "proto",
    [
        typed("DT_FLOAT", [1], float_val=[1, 2]),
        typed("DT_FLOAT", [2], tensor_content=b"\0\0\0\0"),
        typed("DT_FLOAT", [1], tensor_content=b"\0\0\0"),
    ],
)
def test_values_that_do_not_fit_the_shape_are_refused(proto: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="do not fit its shape"):
        tensor_proto.read(proto)


def test_dtypes_that_numpy_lacks_are_refused_both_ways() -> None:
    with pytest.raises(UnimplementedError, match="bfloat16"):
        tensor_proto.read(typed("DT_BFLOAT16", [1], half_val=[1]))
    with pytest.raises(UnimplementedError, match="datetime64"):
        tensor_proto.write(np.array(["2020"], "datetime64[Y]"), protos.TensorProto())
    with pytest.raises(UnimplementedError, match="dtype 99 "):
        tensor_proto.read(protos.TensorProto(dtype=99))

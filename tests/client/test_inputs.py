import numpy as np
import pytest

from keras_session5.client.inputs import to_array
from keras_session5.errors import InvalidArgumentError, UnimplementedError


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([1, 2], "float32", np.array([1, 2], np.float32)),
        ([0.1], "float32", np.array([0.1], np.float32)),
        ([1.0, -2.0], "int32", np.array([1, -2], np.int32)),
        ([True], "int64", np.array([1])),
        ([0, 1], "bool", np.array([False, True])),
        (np.array([255], np.int64), "uint8", np.array([255], np.uint8)),
        (np.array([1.5], ">f4"), "float32", np.array([1.5], np.float32)),
        ([np.nan, np.inf], "float16", np.array([np.nan, np.inf], np.float16)),
        ([], "int32", np.array([], np.int32)),
        (3, "float64", np.array(3.0)),
        ([1.5], "complex64", np.array([1.5], np.complex64)),
    ],
)
def test_values_are_cast_to_the_declared_dtype(value: object, dtype: str, expected: np.ndarray) -> None:
    array = to_array("x", value, dtype)
    assert (array.dtype, array.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([0.5], "int32"),
        ([np.nan], "int64"),
        ([2**31], "int32"),
        ([2**63], "int64"),
        ([-1], "uint64"),
        ([-1], "uint8"),
        ([2], "bool"),
        ([1e39], "float32"),
        ([70000], "float16"),
        ([1j], "float32"),
        (["1"], "float32"),
        ([None], "float32"),
        ([2**70], "int64"),
        (np.array(["2020"], "datetime64[Y]"), "int64"),
    ],
)
def test_values_that_do_not_fit_are_refused(value: object, dtype: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"`x` is declared as {dtype}"):
        to_array("x", value, dtype)


@pytest.mark.parametrize("dtype", ["float32", "string", None])
@pytest.mark.parametrize("ragged", [[[1.0], [1.0, 2.0]], [["a"], ["b", "c"]], [[["a"]], [["b", "c"]]]])
def test_ragged_rows_are_refused(ragged: list, dtype: str | None) -> None:
    with pytest.raises(InvalidArgumentError, match="equally long"):
        to_array("x", ragged, dtype)


@pytest.mark.parametrize("dtype", ["string", None])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("é", "é".encode()),
        (b"\xff\0", b"\xff\0"),
        (["a", b"b\0"], [b"a", b"b\0"]),
        ([["a"], ["b"]], [[b"a"], [b"b"]]),
        (np.array(["a", "bc"]), [b"a", b"bc"]),
        (np.array([b"a", b"bc"]), [b"a", b"bc"]),
        (np.array(["a"], object), [b"a"]),
    ],
)
def test_text_and_bytes_become_objects(value: object, dtype: str | None, expected: object) -> None:
    array = to_array("x", value, dtype)
    assert array.dtype == object
    assert array.tolist() == expected


def test_a_string_input_takes_nothing_but_strings() -> None:
    with pytest.raises(InvalidArgumentError, match=r"must hold text or bytes.*It holds: 1"):
        to_array("x", [1], "string")
    with pytest.raises(InvalidArgumentError, match="not Unicode"):
        to_array("x", ["\ud800"], "string")


def test_an_undeclared_input_keeps_its_dtype() -> None:
    assert to_array("x", np.array([1], np.int8), None).dtype == np.int8


def test_a_dtype_that_numpy_lacks_is_refused() -> None:
    with pytest.raises(UnimplementedError, match="bfloat16"):
        to_array("x", [1.0], "bfloat16")

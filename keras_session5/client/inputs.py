"""Converts a caller's inputs to the arrays that a signature declares."""

from typing import Any

import numpy as np

from keras_session5.client.dtypes import numpy_dtype
from keras_session5.errors import InvalidArgumentError


def to_array(name: str, value: Any, dtype: str | None) -> np.ndarray:
    """Returns `value` as an array of the dtype that the signature declares.

    Args:
        name: the input's name, for messages.
        value: any value that NumPy reads as an array: nested lists, arrays, tensors.
        dtype: NumPy's name or `"string"`; None for NumPy's choice.

    Returns:
        An array; strings as an object array of bytes (text in UTF-8).

    Raises:
        InvalidArgumentError: if rows differ in length, or the dtype cannot hold a value. Rounding to the
            precision of a float is allowed; otherwise 0.1 could not be sent.
        UnimplementedError: if NumPy lacks the dtype.
    """
    if dtype == "string":
        return _read_strings(name, value)
    array = _read(name, value)
    if dtype is not None:
        return _cast(name, array, numpy_dtype(dtype))
    # NumPy drops trailing zeros from lists of bytes, so strings are read from the value again.
    return _read_strings(name, value) if array.dtype.kind in "SUO" else array


def _read(name: str, value: Any, dtype: Any = None) -> np.ndarray:
    try:
        return np.asarray(value, dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidArgumentError(
            f"Input `{name}` must be an array, or nested lists whose rows are equally long: {error}"
        ) from error


def _read_strings(name: str, value: Any) -> np.ndarray:
    array = _read(name, value, object)
    encoded = np.empty(array.shape, object)
    encoded.reshape(-1)[:] = [_encode(name, item) for item in array.flat]
    return encoded


def _encode(name: str, item: Any) -> bytes:
    try:
        if isinstance(item, str):
            return item.encode()
        if isinstance(item, bytes):
            return bytes(item)
    except UnicodeEncodeError as error:
        raise InvalidArgumentError(f"Input `{name}` holds text that is not Unicode: {error}") from error
    raise InvalidArgumentError(
        f"Input `{name}` must hold text or bytes, in rows that are equally long. It holds: {item!r:.80}"
    )


def _cast(name: str, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if array.dtype == dtype:
        return array
    if array.dtype.kind not in "biufc" or (array.dtype.kind == "c" and dtype.kind != "c"):
        raise _make_error(name, dtype, f"values of dtype {array.dtype}")
    with np.errstate(all="ignore"):  # the comparison finds values that do not fit
        cast = array.astype(dtype)
    kept = np.isfinite(cast) == np.isfinite(array) if dtype.kind in "fc" else cast == array
    if not kept.all():
        raise _make_error(name, dtype, array[~kept].flat[0].item())
    return cast


def _make_error(name: str, dtype: np.dtype, received: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"Input `{name}` is declared as {dtype}, which cannot hold its values. Received: {received}"
    )

"""Checks of array arguments; the messages follow those of `checks`."""

from typing import Any

import numpy as np

from keras_session5.errors import ArgumentError


def numbers(name: str, value: Any, *shape: int | str) -> np.ndarray:
    """Returns `value` as a float64 array if it has the given shape and all its numbers are finite.

    Args:
        name: name of the argument, for messages.
        value: anything that NumPy converts to an array.
        *shape: the size of each axis, or a word for any size of at least 1.

    Raises:
        ArgumentError: if the value does not match.
    """
    expected = f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
    try:
        array = np.asarray(value, "float64")
    except (TypeError, ValueError, OverflowError) as error:
        raise ArgumentError(
            f"`{name}` must be an array of shape {expected} that contains only numbers. "
            f"Received: {name}={value!r}"
        ) from error
    fits = (
        size >= 1 if isinstance(wanted, str) else size == wanted
        for size, wanted in zip(array.shape, shape, strict=True)
    )
    if len(array.shape) != len(shape) or not all(fits):
        raise ArgumentError(
            f"`{name}` must be an array of shape {expected}. Received: {name} of shape {array.shape}"
        )
    if not np.isfinite(array).all():
        raise ArgumentError(f"`{name}` must contain only finite numbers. Received: {name}={value!r}")
    return array


def classes(name: str, value: Any, count: int, num_classes: int) -> np.ndarray:
    """Returns `value` as an int64 array, (count,), if it contains only integers below `num_classes`."""
    array = numbers(name, value, count)
    if not np.isin(array, range(num_classes)).all():
        allowed = "0 or 1" if num_classes == 2 else f"integers from 0 to {num_classes - 1}"
        raise ArgumentError(f"`{name}` must be {allowed}. Received: {name}={value!r}")
    return array.astype("int64")

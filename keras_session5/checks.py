"""Argument checks that share one grammar: "`name` must ... Received: name=value"."""

import difflib
import socket
import sys
from collections.abc import Iterable
from typing import Any

from keras_session5.errors import ArgumentError

_LARGEST_FLOAT = sys.float_info.max  # no larger integer converts to a float
_LARGEST_INT = 2**31 - 1  # Keras and TensorFlow count sizes and steps in 32 bits


def positive_int(name: str, value: Any) -> int:
    """Returns `value` if it is an integer of at least 1 that fits 32 bits, else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"`{name}` must be an integer of at least 1. Received: {name}={value!r}")
    return int_between(name, value, 1, _LARGEST_INT)


def positive_ints(name: str, values: Any) -> tuple[int, ...]:
    """Returns `values` as a tuple if it is a sequence of integers of at least 1."""
    if not isinstance(values, (list, tuple)):
        raise ArgumentError(
            f"`{name}` must be a list or tuple of integers of at least 1. Received: {name}={values!r}"
        )
    for value in values:
        positive_int(name, value)
    return tuple(values)


def integer(name: str, value: Any) -> int:
    """Returns `value` if it is an integer of either sign, else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentError(f"`{name}` must be an integer. Received: {name}={value!r}")
    return value


def signs(name: str, values: Any) -> tuple[int, ...]:
    """Returns `values` as a tuple if it is a sequence of -1 and 1, at least one of them."""
    wrong = not isinstance(values, (list, tuple)) or not values
    if wrong or any(isinstance(v, bool) or not isinstance(v, int) or abs(v) != 1 for v in values):
        raise ArgumentError(f"`{name}` must be a list or tuple of -1 and 1. Received: {name}={values!r}")
    return tuple(values)


def fraction(name: str, value: Any) -> float:
    """Returns `value` if it is a number in [0, 1), else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise ArgumentError(f"`{name}` must be a number in [0, 1). Received: {name}={value!r}")
    return float(value)


def probability(name: str, value: Any) -> float:
    """Returns `value` if it is a number in (0, 1], else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ArgumentError(f"`{name}` must be a number in (0, 1]. Received: {name}={value!r}")
    return float(value)


def int_between(name: str, value: Any, low: int, high: int) -> int:
    """Returns `value` if it is an integer in [low, high], else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ArgumentError(f"`{name}` must be an integer from {low} to {high}. Received: {name}={value!r}")
    return value


def not_negative(name: str, value: Any) -> float:
    """Returns `value` if it is a finite number of at least 0, else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= _LARGEST_FLOAT:
        raise ArgumentError(f"`{name}` must be a number of at least 0. Received: {name}={value!r}")
    return float(value)


def above_zero(name: str, value: Any) -> float:
    """Returns `value` if it is a finite number above 0, else raises `ArgumentError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _LARGEST_FLOAT:
        raise ArgumentError(f"`{name}` must be a number above 0. Received: {name}={value!r}")
    return float(value)


def one_of(name: str, value: Any, choices: Iterable[Any]) -> Any:
    """Returns `value` if it is one of `choices`, else raises `ArgumentError` with the nearest choice."""
    choices = list(choices)
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise ArgumentError(
            f"`{name}` must be one of {listed}.{did_you_mean(value, choices)} Received: {name}={value!r}"
        )
    return value


def sampling(seed: Any, temperature: Any, top_k: Any, top_p: Any, vocabulary_size: int) -> None:
    """Raises `ArgumentError` unless these settings of a text generation are in their ranges."""
    int_between("seed", seed, 0, 2**32 - 1)
    not_negative("temperature", temperature)
    int_between("top_k", top_k, 0, vocabulary_size)
    probability("top_p", top_p)


def texts(name: str, value: Any) -> list[str]:
    """Returns `value` as a list if it is a sequence of texts; a single text is not one."""
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise ArgumentError(f"`{name}` must be a list of texts. Received: {name}={value!r}")
    return list(value)


def activation(name: str, value: Any) -> str:
    """Returns `value` if it names an activation function of a hidden layer."""
    return one_of(name, value, ["linear", "relu", "gelu", "silu", "sigmoid", "softplus", "tanh"])


def divides(name: str, value: int, of_name: str, of_value: int) -> None:
    """Raises `ArgumentError` unless `value` divides `of_value` evenly."""
    if of_value % value:
        raise ArgumentError(
            f"`{name}` must divide `{of_name}`. Received: {name}={value!r}, {of_name}={of_value!r}"
        )


def free_address(host: str, port: int) -> None:
    """Raises `ArgumentError` unless a server could listen at this address now."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    except OSError as error:
        raise ArgumentError(
            f"`host` and `port` must be an address that is free. Received: {host}:{port}: "
            f"{error.strerror}. Try another port, such as {port % 65535 + 1}"
        ) from None


def did_you_mean(value: Any, choices: Iterable[Any]) -> str:
    """Returns ` Did you mean X?` for the nearest of `choices`, or an empty text."""
    close = difflib.get_close_matches(str(value), [str(choice) for choice in choices], n=1)
    return f" Did you mean {close[0]}?" if close else ""

"""The deadline of one call, which covers all of its requests."""

import time
from typing import Any

from keras_session5.errors import ArgumentError, DeadlineExceededError

_MAX_LIMIT_S = 86_400.0


class Deadline:
    """A time limit that starts when the object is made.

    Args:
        limit_s: seconds from now.
        address: the server's address, for the message.
    """

    def __init__(self, limit_s: float, address: str) -> None:
        self._limit_s = limit_s
        self._address = address
        self._end = time.monotonic() + limit_s

    def left_s(self) -> float:
        """Returns the seconds left, more than 0; raises `DeadlineExceededError` after the deadline."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise self.error()
        return left

    def error(self) -> DeadlineExceededError:
        """Returns the error to raise, with the limit in its message."""
        return DeadlineExceededError(
            f"The model server at {self._address} did not answer within {self._limit_s:g} s. "
            "Increase `timeout_s` (--timeout), or send fewer samples at once."
        )


def check_timeout(timeout_s: Any) -> float:
    """Returns `timeout_s` if it is a number of seconds above 0, at most a day; else `ArgumentError`."""
    is_number = isinstance(timeout_s, int | float) and not isinstance(timeout_s, bool)
    if not is_number or not 0 < timeout_s <= _MAX_LIMIT_S:
        raise ArgumentError(
            "`timeout_s` must be a number of seconds above 0, at most a day. "
            f"Received: timeout_s={timeout_s!r}"
        )
    return float(timeout_s)

"""A request's deadline, for work on threads, which cannot be interrupted."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from keras_session5.errors import DeadlineExceededError

_thread = threading.local()


def call_until(ends: float, call: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function whose loops call `check_deadline`; `ends` is a time of `time.perf_counter`."""
    _thread.ends = ends
    try:
        return call(*arguments)
    finally:
        _thread.ends = math.inf


def check_deadline() -> None:
    """Raises `DeadlineExceededError` once this thread's call has run out of time."""
    if time.perf_counter() > getattr(_thread, "ends", math.inf):
        raise DeadlineExceededError("Timed out waiting for notification")

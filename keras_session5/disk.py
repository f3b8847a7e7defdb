"""Failures to write a file, as on a full disk, whichever library reports them."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from keras_session5.errors import DiskError

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


@contextlib.contextmanager
def explain_disk_errors(what: str, then: str) -> Iterator[None]:
    """Turns a failure to write a file into one sentence.

    HDF5 and TensorFlow raise exceptions of their own, in which the system's message is only one part.

    Args:
        what: the name of the file.
        then: the consequence, and the way out.

    Raises:
        DiskError: the disk is full, read-only or failing, or the file is too large.
    """
    try:
        yield
    except Exception as error:
        reason = _find_reason(error)
        if reason is None or isinstance(error, DiskError):
            raise
        raise DiskError(f"{what} could not be written: {reason}. {then}") from error


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` and renames it at the end; a failure leaves nothing behind.

    The temporary name keeps the suffixes, by which Keras chooses the format.
    """
    writing = path.with_name(f"writing{''.join(path.suffixes)}")
    try:
        with _raise_close_errors():
            yield writing
        os.replace(writing, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.truncate(writing, 0)  # makes room for the rest that HDF5 writes as it closes the file
            writing.unlink()
        raise


@contextlib.contextmanager
def _raise_close_errors() -> Iterator[None]:
    """Raises the errors that HDF5 meets while it closes a file; its binding only prints them."""
    excepthook, unraisablehook, failures = sys.excepthook, sys.unraisablehook, []

    def keep(error: object, hook: Callable, *arguments: Any) -> None:
        if _find_reason(error):
            failures.append(error)
        else:
            hook(*arguments)

    sys.excepthook = lambda *exception: keep(exception[1], excepthook, *exception)  # Cython calls both
    sys.unraisablehook = lambda unraisable: keep(unraisable.exc_value, unraisablehook, unraisable)
    try:
        yield
        if failures:
            raise failures[0]
    finally:
        sys.excepthook, sys.unraisablehook = excepthook, unraisablehook


def _find_reason(error: object) -> str | None:
    """Returns the system's message for a full or failing disk, if an exception contains one."""
    return next((message for message in map(os.strerror, _DISK_ERRORS) if message in str(error)), None)

"""What happens when the disk is full, told by whichever library found out."""

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from keras_session5.errors import DiskError

_KINDS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


@contextlib.contextmanager
def told(what: str, then: str) -> Iterator[None]:
    """Makes one sentence of the failure to write a file.

    HDF5 and TensorFlow have exceptions of their own for it, which hold the system's words and much else.

    Args:
        what: that is written.
        then: what has become of it, and the way out.

    Raises:
        DiskError: if the disk is full, may not be written to or fails, or the file would be too large.
    """
    try:
        yield
    except Exception as error:
        reason = _reason(error)
        if reason is None or isinstance(error, DiskError):
            raise
        raise DiskError(f"{what} could not be written: {reason}. {then}") from error


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives the path to write to, beside `path`, and renames it in the end; a failure leaves nothing.

    The name keeps the ending, by which Keras knows what to write.
    """
    writing = path.with_name(f"writing{''.join(path.suffixes)}")
    try:
        with _even_while_closing():
            yield writing
        os.replace(writing, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.truncate(writing, 0)  # room for what HDF5 writes yet as it closes the file
            writing.unlink()
        raise


@contextlib.contextmanager
def _even_while_closing() -> Iterator[None]:
    """Raises what HDF5, which writes as it closes a file, can only print there, with a traceback each."""
    shown, unraisable, failures = sys.excepthook, sys.unraisablehook, []

    def keep(error: object, otherwise: Callable, *arguments: Any) -> None:
        if _reason(error):
            failures.append(error)
        else:
            otherwise(*arguments)

    sys.excepthook = lambda *one: keep(one[1], shown, *one)  # Cython calls both
    sys.unraisablehook = lambda one: keep(one.exc_value, unraisable, one)
    try:
        yield
        if failures:
            raise failures[0]
    finally:
        sys.excepthook, sys.unraisablehook = shown, unraisable


def _reason(error: object) -> str | None:
    """The system's words for a disk that is full or failing, if these are what an exception is about."""
    return next((words for words in map(os.strerror, _KINDS) if words in str(error)), None)

"""A command of `session5` that runs beside the page."""

import atexit
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence

from keras_session5.errors import Session5Error

_POLL_S = 0.5
_MAX_OUTPUT = 1 << 20  # bytes that are read; a training prints some ten thousand


def run_beside(arguments: Sequence[str]) -> Iterator[str]:
    """Runs `session5` in a process that ends with this generator and with this process.

    Args:
        arguments: of the command line, without the name of the program.

    Yields:
        What it has printed so far, twice a second and at the end.

    Raises:
        Session5Error: if it fails, with its own sentence.
    """
    command = [sys.executable, "-m", "keras_session5", *arguments]
    with (
        tempfile.TemporaryFile() as log,
        # In a session of its own: Ctrl-C in the terminal ends the page, which then ends this.
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        ) as process,
    ):
        atexit.register(process.terminate)
        try:
            while process.poll() is None:
                yield _read(log.fileno())
                time.sleep(_POLL_S)
        finally:
            process.terminate()
            atexit.unregister(process.terminate)
        text = _read(log.fileno())
        if process.returncode:
            lines = [line for line in text.splitlines() if line.strip()]
            errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
            raise Session5Error(
                (errors or lines or [f"session5 ended with status {process.returncode}."])[-1]
            )
        yield text


def _read(file: int) -> str:
    """Returns the text of a file without moving the place where the child writes."""
    return os.pread(file, _MAX_OUTPUT, 0).decode("utf-8", "replace")

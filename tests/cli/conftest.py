"""Set-up that the tests of the command line share."""

import contextlib
import io
import logging
import subprocess
import sys

import pytest

from keras_session5.cli import main


@pytest.fixture
def here(monkeypatch, tmp_path):
    """Runs `session5` in this process and a folder of its own: a process of its own would import TensorFlow.

    Returns what a finished process has: `returncode`, `stdout` and `stderr`.
    """
    monkeypatch.chdir(tmp_path)
    loggers = [
        logging.getLogger(name) for name in ("absl", "tensorflow", "jax", "h5py", "uvicorn", "asyncio")
    ]
    levels = [logger.level for logger in loggers]  # the command sets them for its process

    def session5(*arguments):
        command = ["session5", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        printed, told = io.StringIO(), io.StringIO()
        status = 0
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            try:
                main()
            except SystemExit as end:
                status = end.code or 0
        return subprocess.CompletedProcess(command, status, printed.getvalue(), told.getvalue())

    yield session5
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)

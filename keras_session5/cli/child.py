"""Runs another program as a child process."""

import signal
import subprocess
from collections.abc import Sequence


def run_child(command: Sequence[str]) -> int:
    """Runs a program until it ends, passes SIGINT and SIGTERM on as SIGTERM, and returns our exit status."""
    with subprocess.Popen(command) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.terminate())
        status = process.wait()
    return 1 if status > 0 else 0  # negative: the signal ended it, as intended

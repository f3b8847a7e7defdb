"""Another program that runs in our place for a while."""

import signal
import subprocess
from collections.abc import Sequence


def run_child(command: Sequence[str]) -> int:
    """Runs a program until it ends, or until we are told to end and tell it; returns our exit status."""
    with subprocess.Popen(command) as process:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: process.terminate())
        status = process.wait()
    return 1 if status > 0 else 0  # negative: ended by the signal, as it was told to

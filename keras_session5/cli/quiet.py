"""TensorFlow's C++ start-up lines, kept from the terminal."""

import atexit
import os
import re
import sys
import threading

# Written to file descriptor 2 while TensorFlow is imported, before its own log level is in force.
_START_UP = re.compile(
    rb"WARNING: All log messages before absl::|To enable the following instructions: |"
    rb"[IWE]\d{4} .*(oneDNN|cudart_stub|cuda_platform|cuda_executor|cpu_feature_guard|computation_placer)"
)


def hush_tensorflow() -> None:
    """Drops those lines from what the process writes to file descriptor 2; the rest goes through.

    Python's own `sys.stderr` is led past the filter: progress bars, logs and tracebacks are not touched.
    """
    terminal = os.dup(2)
    sys.stderr = os.fdopen(terminal, "w", buffering=1, errors="backslashreplace")
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    thread = threading.Thread(target=_forward, args=(reading, terminal), daemon=True)
    thread.start()

    def finish() -> None:
        os.dup2(terminal, 2)  # the last writer leaves the pipe, and the thread reads its end
        thread.join(timeout=1)

    atexit.register(finish)


def _forward(reading: int, terminal: int) -> None:
    with open(reading, "rb") as lines:
        for line in lines:
            if not _START_UP.match(line):
                os.write(terminal, line)

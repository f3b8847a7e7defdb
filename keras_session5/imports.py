"""Prepares TensorFlow and Keras when any module imports them.

The package itself imports neither, so a finder ahead of Python's own intercepts both imports:

* TensorFlow starts without its start-up messages. `KERAS_SESSION5_LOG=debug`, or TensorFlow's own
  `TF_CPP_MIN_LOG_LEVEL=0`, shows everything.
* Keras learns of this package's layers and functions, so that `keras.models.load_model` reads every saved
  network. In safe mode Keras imports no module that a file names, so they must be registered beforehand.
"""

import contextlib
import gc
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# TensorFlow's log level takes effect only when most of its libraries are loaded. Until then they write
# straight to file descriptor 2: six lines with TensorFlow 2.21, whatever the level.
_LINES = r"WARNING: All log messages before absl::InitializeLog|I\d{4} "
_GPU_DRIVER = "/dev/nvidiactl"

# A separate process, so that a fatal message, as for a processor without AVX, survives TensorFlow's abort.
_FILTER = """
import os, re, sys
lines = re.compile(sys.argv[1].encode())
for line in sys.stdin.buffer:
    if not lines.match(line):
        os.write(2, line)
"""


def watch() -> None:
    """Starts to intercept the imports; registers the layers at once if Keras is already imported."""
    sys.meta_path.insert(0, _Finder())
    if sys.modules.get("keras"):
        _register_layers()


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Saves a fifth of the time of an import, which makes hundreds of thousands of objects and no garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Finder(MetaPathFinder):
    """Delegates to the other finders, and wraps the execution of TensorFlow and Keras."""

    def find_spec(self, fullname, path=None, target=None) -> ModuleSpec | None:
        if fullname not in ("tensorflow", "keras"):
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec), None)
        if spec and spec.loader:
            execute = partial(_prepare_and_execute, spec.loader.exec_module)
            spec.loader.exec_module = execute  # pyright: ignore[reportAttributeAccessIssue]
        return spec


def _prepare_and_execute(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    with (
        without_collection(),
        _hide_start_up() if module.__name__ == "tensorflow" else contextlib.nullcontext(),
    ):
        execute(module)
        if module.__name__ == "keras":
            _register_layers()


def _register_layers() -> None:
    importlib.import_module("keras_session5.layers")


@contextlib.contextmanager
def _hide_start_up() -> Iterator[None]:
    """Drops TensorFlow's start-up messages from file descriptor 2 and passes everything else.

    A log level from the environment stays in force. Otherwise a machine with a GPU shows later warnings and
    errors, too, because they explain why the GPU is not used. Without a GPU, TensorFlow's errors only repeat
    "failed call to cuInit" and the limits of oneDNN; real failures are Python exceptions or fatal messages.
    """
    own = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    if own == "0" or os.environ.get("KERAS_SESSION5_LOG") == "debug" or not sys.executable:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = own or ("1" if os.path.exists(_GPU_DRIVER) else "3")
    try:
        with _filter_stderr():
            yield
    finally:
        if own is None:  # TensorFlow has read it, and other programs must not inherit it
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]


@contextlib.contextmanager
def _filter_stderr() -> Iterator[None]:
    try:
        terminal = os.dup(2)
    except OSError:  # standard error is closed
        yield
        return
    # In its own session, so that Ctrl-C reaches only the importing process.
    command = [sys.executable, "-IS", "-c", _FILTER, _LINES]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
        yield
    finally:
        os.dup2(terminal, 2)  # closes the last writer of the pipe, which ends the filter
        os.close(terminal)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a program started meanwhile writes there, too
            process.wait(timeout=1)

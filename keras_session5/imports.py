"""What goes on around the imports of TensorFlow and Keras, whoever imports them.

The package itself imports neither, so a finder in front of Python's own waits for them:

* TensorFlow starts without its start-up lines. `KERAS_SESSION5_LOG=debug`, or TensorFlow's own
  `TF_CPP_MIN_LOG_LEVEL=0`, shows everything.
* Keras gets to know this package's layers and functions, so that `keras.models.load_model` reads every
  saved network. In safe mode it imports no module that a file names, and should not: they have to be
  registered before.
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

# TensorFlow's log level is in force only when most of its libraries are loaded. What they write until then,
# six lines with TensorFlow 2.21 whatever the level, goes past it, straight to file descriptor 2.
_LINES = r"WARNING: All log messages before absl::InitializeLog|I\d{4} "
_GPU_DRIVER = "/dev/nvidiactl"

# A program of its own: a fatal line, such as that of a processor without AVX, outlives TensorFlow's abort.
_FILTER = """
import os, re, sys
lines = re.compile(sys.argv[1].encode())
for line in sys.stdin.buffer:
    if not lines.match(line):
        os.write(2, line)
"""


def watch() -> None:
    """Does all this from now on; for a Keras that is imported already, at once."""
    sys.meta_path.insert(0, _Finder())
    if sys.modules.get("keras"):
        _register_layers()


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Imports faster: hundreds of thousands of objects are made and none is garbage. A fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Finder(MetaPathFinder):
    """Finds what the others find, and wraps the execution of the modules in `_AROUND`."""

    def find_spec(self, fullname, path=None, target=None) -> ModuleSpec | None:
        if fullname not in _AROUND:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        found = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in found if spec), None)
        if spec and spec.loader:
            execute = partial(_AROUND[fullname], spec.loader.exec_module)
            spec.loader.exec_module = execute  # pyright: ignore[reportAttributeAccessIssue]
        return spec


def _import_tensorflow(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    with without_collection(), _quiet():
        execute(module)


def _import_keras(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    with without_collection():
        execute(module)
        _register_layers()


def _register_layers() -> None:
    importlib.import_module("keras_session5.layers")


_AROUND = {"tensorflow": _import_tensorflow, "keras": _import_keras}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drops TensorFlow's start-up lines from file descriptor 2; everything else goes through.

    The environment's own level is left as it is. Otherwise, where there is a GPU, warnings and errors are
    shown later, too: they tell why it is not used. Where there is none, TensorFlow's errors are "failed call
    to cuInit" and what oneDNN cannot do; what goes wrong is a Python exception, or a fatal line.
    """
    own = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
    if own == "0" or os.environ.get("KERAS_SESSION5_LOG") == "debug" or not sys.executable:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = own or ("1" if os.path.exists(_GPU_DRIVER) else "3")
    try:
        with _filtered():
            yield
    finally:
        if own is None:  # TensorFlow has read it, and it is none of the user's other programs' business
            del os.environ["TF_CPP_MIN_LOG_LEVEL"]


@contextlib.contextmanager
def _filtered() -> Iterator[None]:
    try:
        terminal = os.dup(2)
    except OSError:  # closed: nobody would read the lines
        yield
        return
    # In a session of its own, so that Ctrl-C reaches the importing process alone.
    command = [sys.executable, "-IS", "-c", _FILTER, _LINES]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin
    os.dup2(process.stdin.fileno(), 2)
    process.stdin.close()
    try:
        yield
    finally:
        os.dup2(terminal, 2)  # the last writer leaves the pipe, and the filter reads its end
        os.close(terminal)
        with contextlib.suppress(subprocess.TimeoutExpired):  # a program begun meanwhile writes there, too
            process.wait(timeout=1)

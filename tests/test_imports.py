"""What goes on around the imports of TensorFlow and Keras."""

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_session5.imports import without_collection

# As TensorFlow writes on a machine without GPU, to the file descriptor itself; then what must be seen.
NOISE = """\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795684916.656151     783 port.cc:153] oneDNN custom operations are on.
"""
NEWS = """\
W0000 00:00:1795684920.435996     783 loader.cc:1] a warning
E0000 00:00:1795684920.435996     783 loader.cc:2] an error
F0000 00:00:1795684920.435996     783 cpu_feature_guard.cc:1] compiled to use AVX instructions. Aborting.
"""


def in_python(code, cwd, **settings):
    """Runs a program as a user has it: nobody has set the level of TensorFlow's log."""
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"} | settings
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True)


@pytest.fixture
def fake_tensorflow(tmp_path):
    """A TensorFlow that writes what the real one writes, and aborts as it does without AVX."""
    (tmp_path / "tensorflow.py").write_text(
        f"import os; os.write(2, {(NOISE + NEWS).encode()!r}); print(os.environ.get('TF_CPP_MIN_LOG_LEVEL'), "
        "flush=True); os.abort()"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "shown", "level"),
    [
        ({}, NEWS, "1" if os.path.exists("/dev/nvidiactl") else "3"),
        ({"TF_CPP_MIN_LOG_LEVEL": "2"}, NEWS, "2"),
        ({"TF_CPP_MIN_LOG_LEVEL": "0"}, NOISE + NEWS, "0"),
        ({"KERAS_SESSION5_LOG": "debug"}, NOISE + NEWS, "None"),
    ],
)
def test_start_up_lines_are_dropped_and_all_others_outlive_an_abort(fake_tensorflow, settings, shown, level):
    found = in_python("import keras_session5, tensorflow", fake_tensorflow, **settings)
    assert (found.stdout.strip(), found.stderr) == (level, shown)
    assert found.returncode < 0


def test_a_tensorflow_that_cannot_be_imported_says_why(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('libcudart is missing')")
    found = in_python("import keras_session5, tensorflow", tmp_path)
    assert found.stderr.splitlines()[-1] == "ImportError: libcudart is missing"


def test_python_computes_without_tensorflows_start_up_lines(tmp_path):
    code = """
import keras_session5 as s5
import numpy as np
import os

s5.build("threshold_unit").predict(np.zeros((1, 2)), verbose=0)
assert "TF_CPP_MIN_LOG_LEVEL" not in os.environ
"""
    found = in_python(code, tmp_path)
    assert (found.returncode, found.stderr) == (0, "")


def test_keras_may_be_imported_before(tmp_path):
    code = "import keras, keras_session5; assert keras.saving.get_registered_object('keras_session5>step')"
    assert in_python(code, tmp_path).returncode == 0


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_after_an_import_as_before_it(enabled):
    was = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with without_collection():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was else gc.disable)()


def test_a_checkout_can_be_imported_without_being_installed(tmp_path):
    code = """
from importlib import metadata
def version(package):
    raise metadata.PackageNotFoundError(package)
metadata.version = version
import keras_session5
print(keras_session5.__version__)
"""
    root = Path(__file__).parents[1]
    found = in_python(code, tmp_path, PYTHONPATH=str(root))
    assert found.stdout == "unknown\n", found.stderr

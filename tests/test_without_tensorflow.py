"""Without TensorFlow data sets load and networks train under JAX, and what cannot do without says so."""

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.data import DATA_SETS, load_data
from keras_session5.data.registry import loadable_names

BLOCK = """
import importlib.metadata, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "etils"):  # etils, which JAX would use, comes with TFDS
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def version(package, found=importlib.metadata.version):
    if package == "tensorflow":
        raise importlib.metadata.PackageNotFoundError(package)
    return found(package)

sys.meta_path.insert(0, Blocker())
importlib.metadata.version = version
"""
OFFLINE = [name for name in loadable_names() if not DATA_SETS[name.partition("/")[0]].needs_network]
SPLITS = ("train", "validation", "test")
LOAD = """
import pickle
from keras_session5.data import load_data
folder, pickled, *names = sys.argv[1:]
with open(pickled, "wb") as file:
    pickle.dump([load_data(name, folder) for name in names], file)
assert "tensorflow_datasets" not in sys.modules
"""
SETTINGS = """
import json, sys
import jax
import keras_session5 as s5

events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name))
settings = {"backend": "jax", "runs_dir": sys.argv[1], "verbose": 0, "epochs": 2, "examples": 256}
whole = s5.train("mlp", dashboard=False, **settings)
printed = {"whole": str(whole.run_dir), "hits": events.count("/jax/compilation_cache/cache_hits")}
"""
TRAIN = (
    SETTINGS
    + """
from keras_session5.training.callbacks import Checkpoint
from keras_session5.training.execution import Execution

save = Checkpoint.on_epoch_end

def interrupt_the_second(self, epoch, logs=None):
    if epoch == 1:
        raise KeyboardInterrupt
    save(self, epoch, logs)

Checkpoint.on_epoch_end = interrupt_the_second
try:
    s5.train("mlp", **settings)
except KeyboardInterrupt:
    Checkpoint.on_epoch_end = save
resumed = s5.train("mlp", resume=True, **settings)

assert resumed.run_dir != whole.run_dir
assert resumed.metrics == whole.metrics == s5.evaluate("mlp", runs_dir=sys.argv[1])
loaded = s5.load_result("mlp", runs_dir=sys.argv[1])
assert loaded.run_dir == resumed.run_dir
assert loaded.record["versions"]["tensorflow"] is None
# The interrupted process wrote one for the run and one for its folder `train`, and the next one as many.
assert len(list(resumed.run_dir.rglob("events.out.tfevents.*"))) == 4
try:
    s5.export(loaded, sys.argv[1])
except s5.errors.ExportError as error:
    assert "pip install 'keras-session5'" in str(error)
else:
    raise AssertionError("exported")

short = settings | {"examples": 64, "dashboard": False}
several = s5.train("simple_rnn_waves", units=[4], batch_size=8, **short)  # several executions to validate it
with Execution(several.model, several.task()) as execution:
    validated = execution.evaluate(execution.task.data.validation)
assert validated["loss"] == several.history[1]["val_loss"]
compiled, not_compiled = (s5.train("mlp", xla=xla, **short | {"epochs": 1}).record for xla in ("on", "off"))
assert (compiled["jit_compile"], not_compiled["jit_compile"]) == (True, False)
assert abs(compiled["history"][0]["loss"] - not_compiled["history"][0]["loss"]) < 1e-4

from pathlib import Path
import keras
import numpy as np

x, y = np.random.default_rng(0).random((64, 6, 6, 1)), np.arange(64) % 3
layers = [keras.Input((6, 6, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten()]
model = keras.Sequential([*layers, keras.layers.Dense(3, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=2, verbose=0, callbacks=[s5.Dashboard(sys.argv[1] + "/mine", (x, y))])
assert Path(sys.argv[1], "mine", "projector_points.tsv").exists()
assert "tensorflow" not in sys.modules
print(json.dumps(printed))
"""
)
AGAIN = SETTINGS + "print(json.dumps(printed))"
SENTENCES = """
import keras_session5 as s5
from keras_session5.server.__main__ import main

for name in ("mnist", "tiny_shakespeare"):
    try:
        s5.load_data(name)
    except s5.errors.DataError as error:
        print(error)
try:
    s5.serve
except s5.errors.FailedPreconditionError as error:
    print(error)
assert main(["--model_base_path=/nowhere"]) == 255
"""


def run(program, *arguments, **variables):
    """The finished process of a program that cannot import TensorFlow."""
    command = [sys.executable, "-c", BLOCK + program, *map(str, arguments)]
    environment = {**os.environ, "KERAS_BACKEND": "jax", **variables}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("has_copies", [False, True])
def test_the_data_sets_are_those_that_tfds_stores(has_copies, data_folder, tmp_path):
    expected = [load_data(name) for name in OFFLINE]
    finished = run(LOAD, data_folder if has_copies else tmp_path, tmp_path / "pickled", *OFFLINE)
    assert finished.returncode == 0, finished.stderr
    for one, other in zip(expected, pickle.loads((tmp_path / "pickled").read_bytes()), strict=True):
        for name in SPLITS:
            split, generated = getattr(one, name), getattr(other, name)
            if split is None:
                assert generated is None
                continue
            assert (split.texts, split.targets) == (generated.texts, generated.targets)
            for column in ("inputs", "labels"):
                np.testing.assert_array_equal(getattr(split, column), getattr(generated, column), strict=True)
        rest = vars(one).keys() - {*SPLITS, "source"}
        assert all(getattr(one, key) == getattr(other, key) for key in rest)
    assert [path.name for path in tmp_path.iterdir()] == ["pickled"]


@pytest.fixture(scope="module")
def trained_under_jax(tmp_path_factory):
    """What the program printed that trains, resumes, evaluates and validates without TensorFlow."""
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("jax")
    variables = {"TFDS_DATA_DIR": str(folder / "empty"), "XDG_CACHE_HOME": str(folder / "caches")}
    finished = run(TRAIN, folder / "runs", **variables)
    assert finished.returncode == 0, finished.stderr
    assert "dashboard" not in finished.stderr  # it has no warning
    return json.loads(finished.stdout) | {"folder": folder}


@pytest.mark.jax
def test_a_run_under_jax_is_evaluated_and_exported_under_tensorflow(trained_under_jax, tmp_path):
    result = s5.load_result("mlp", run_dir=trained_under_jax["whole"])
    assert (result.record["backend"], result.record["program"]["module"]) == ("jax", "jit_run")
    assert s5.evaluate(result) == pytest.approx(result.metrics, abs=1e-5)
    assert s5.export(result, tmp_path).name == "1"


@pytest.mark.jax
def test_the_next_process_loads_the_compiled_programs_and_trains_to_the_same_weights(
    trained_under_jax,
):
    folder = trained_under_jax["folder"]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder / "caches")}
    for name in ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND"):  # the first would hide XLA's complaints
        environment.pop(name, None)
    command = [sys.executable, "-c", AGAIN, str(folder / "runs")]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    printed = json.loads(finished.stdout)
    assert trained_under_jax["hits"] == 0 < printed["hits"]
    one, other = (s5.load_result("mlp", run_dir=found["whole"]) for found in (trained_under_jax, printed))
    for weights, expected in zip(other.model.get_weights(), one.model.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, expected)
    assert finished.stderr == ""


def test_what_needs_tensorflow_says_how_to_get_it(tmp_path):
    finished = run(SENTENCES, TFDS_DATA_DIR=str(tmp_path))
    mnist, shakespeare, serve, main = finished.stdout.splitlines()
    for sentence in (mnist, shakespeare, serve, main):
        assert "needs TensorFlow" in sentence
        assert "Install it: pip install 'keras-session5'" in sentence
    assert mnist.startswith("mnist is read by TensorFlow Datasets")
    assert "IDX files" in mnist
    assert "IDX files" not in shakespeare
    assert serve in main


@pytest.mark.parametrize("command", [["train", "mlp"], ["export", "mlp"]])
def test_a_command_says_it_too(command, tmp_path):
    program = (
        f"from keras_session5.cli import main; sys.argv[1:] = {[*command, '--runs', str(tmp_path)]}; main()"
    )
    finished = run(program, KERAS_BACKEND="tensorflow", TFDS_DATA_DIR=str(tmp_path))
    assert finished.returncode == 1
    *_, sentence = finished.stderr.splitlines()
    assert sentence.startswith("error: This needs TensorFlow, which is not installed.")
    assert "KERAS_BACKEND=jax" in sentence
    assert "Traceback" not in finished.stderr


def test_doctor_lists_what_is_not_installed():
    program = "from keras_session5.cli import main; sys.argv[1:] = ['doctor', '--json']; main()"
    assert '"tensorflow": "not installed"' in run(program, KERAS_BACKEND="tensorflow").stdout

"""Programs that JAX keeps for the next process."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from keras_session5.training import device

TRAIN = """
import hashlib, sys
import jax
import keras_session5 as s5

events = []
jax.monitoring.register_event_listener(lambda name, **_: events.append(name))
result = s5.train("mlp", epochs=1, examples=64, dashboard=False, verbose=0, runs_dir=sys.argv[1])
weights = b"".join(weight.tobytes() for weight in result.model.get_weights())
print(events.count("/jax/compilation_cache/cache_hits"), hashlib.sha256(weights).hexdigest())
"""


@pytest.mark.jax
@pytest.mark.slow
def test_the_second_process_loads_them_quietly_and_trains_to_the_same_weights(tmp_path):
    pytest.importorskip("jax")
    environment = os.environ | {"KERAS_BACKEND": "jax", "XDG_CACHE_HOME": str(tmp_path / "caches")}
    environment.pop("TF_CPP_MIN_LOG_LEVEL")  # which would hide XLA's complaints
    command = [sys.executable, "-c", TRAIN, str(tmp_path / "runs")]
    runs = [subprocess.run(command, env=environment, capture_output=True, text=True) for _ in range(2)]
    (first, expected), (again, weights) = (run.stdout.split() for run in runs)
    assert int(first) == 0
    assert int(again) > 0
    assert weights == expected
    complaints = [run.stderr.splitlines() for run in runs]  # TensorFlow's, where it finds no GPU
    assert len(complaints[0]) == len(complaints[1])


@pytest.fixture
def settings(monkeypatch):
    """The settings of a JAX for which the user has chosen none."""
    settings = SimpleNamespace(jax_compilation_cache_dir=None)
    settings.update = lambda name, value: setattr(settings, name, value)
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace(config=settings))
    return settings


def test_they_are_in_the_users_cache(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    device.keep_programs()
    assert settings.jax_compilation_cache_dir == str(tmp_path / "caches" / "keras-session5" / "jax")
    assert os.path.isdir(settings.jax_compilation_cache_dir)

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    settings.jax_compilation_cache_dir = None
    device.keep_programs()
    assert settings.jax_compilation_cache_dir == str(tmp_path / ".cache" / "keras-session5" / "jax")


def test_a_folder_that_the_user_has_chosen_stays(settings):
    settings.jax_compilation_cache_dir = "chosen"
    device.keep_programs()
    assert settings.jax_compilation_cache_dir == "chosen"


@pytest.mark.parametrize(
    "environment", [{"XDG_CACHE_HOME": "/dev/null"}, {"KERAS_DISTRIBUTION_NUM_PROCESSES": "2"}]
)
def test_an_unwritable_folder_and_several_processes_go_without(settings, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    device.keep_programs()
    assert settings.jax_compilation_cache_dir is None

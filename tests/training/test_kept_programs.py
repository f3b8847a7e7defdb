"""Programs that JAX keeps for the next process."""

import os
import sys
from types import SimpleNamespace

import pytest

from keras_session5.training import device


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

"""`session5 train --processes`: what it refuses before it starts anything."""

import importlib.util

import pytest

from keras_session5.cli import processes
from keras_session5.training.runs import Run

TOGETHER = ("--processes", 3, "--coordinator", "127.0.0.1:12345", "--process-id")


@pytest.fixture(autouse=True)
def nothing_starts(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(processes.subprocess, "Popen", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--processes", 3], "`batch_size` must be a multiple of the number of processes, 3"),
        ([*TOGETHER, 0], "`batch_size` must be a multiple of the number of processes, 3"),
        ([*TOGETHER, 3], "`--process-id` must be less than the number of processes, 3"),
        (TOGETHER[:4], "must be given together"),
        (["--processes", 2, "--process-id", 0], "must be given together"),
        (["--processes", 2, "--process-id", 0, "--coordinator", "here"], "must be HOST:PORT"),
        (["--processes", 2, "--model-parallel"], "`model_parallel` must be omitted with `processes`"),
    ],
)
def test_incomplete_and_unequal_shares_are_refused(here, tmp_path, options, sentence):
    refused = here("train", "mlp", *options)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert not (tmp_path / "runs").exists()


def test_another_backend_is_refused(here, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    refused = here("train", "mlp", "--processes", 2)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: `KERAS_BACKEND` must be jax, or omitted")
    refused = here("train", "mlp", "--processes", 2, "--backend", "tensorflow")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: `backend` must be jax, or omitted")


def test_a_run_of_another_backend_is_not_resumed_by_several_processes(here, tmp_path):
    Run.create(tmp_path / "runs", "mlp", {"backend": "tensorflow", "data": "digits", "data_dir": None})
    refused = here("train", "mlp", "--resume", "--processes", 2)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: `backend` must be jax, or omitted")


def test_a_missing_jax_is_explained(here, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    refused = here("train", "mlp", "--processes", 2)
    assert refused.returncode == 2
    assert "pip install 'keras-session5[jax]'" in refused.stderr

"""Training in two processes that share every batch."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile

import h5py
import numpy as np
import psutil
import pytest

pytestmark = pytest.mark.jax

TRAIN = ["train", "mlp", "--no-dashboard", "--set", "dropout=0.2", "--set", "shift_px=1.0"]
WHOLE = [*TRAIN, "--epochs", 2, "--set", "repeats=6", "--json"]
ENDLESS = ["--epochs", "9999"]
TOGETHER_S = 30  # for the others to end after one has


def start_command(arguments, folder, told=None):
    return subprocess.Popen(
        [sys.executable, "-m", "keras_session5", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        stdout=subprocess.PIPE,
        stderr=told,
        text=True,
    )


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The record and the weights of one process that was never interrupted."""
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("alone")
    return finish(start_command(WHOLE, folder), folder)


@pytest.fixture
def session5(tmp_path):
    """Starts the command in a folder of its own; at the end, none of its processes is left."""
    pytest.importorskip("jax")
    started, all_processes = [], []

    def start(*arguments):
        with (tmp_path / f"errors-{len(started)}").open("w") as told:
            process = start_command(arguments, tmp_path, told)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            all_processes += psutil.Process(process.pid).children()
            process.kill()
        process.communicate()
    for process in all_processes:
        if process.is_running():
            process.kill()


@pytest.fixture
def errors(tmp_path):
    """Returns what the command that was started as the n-th one wrote as errors."""
    return lambda number=0: (tmp_path / f"errors-{number}").read_text()


def finish(process, folder):
    """Waits for the end of the command, and returns the run's record and weights."""
    printed, _ = process.communicate(timeout=300)
    assert process.returncode == 0, printed
    run = folder / json.loads(printed)["run_dir"]
    weights = {}
    archive = zipfile.ZipFile(run / "model.keras")
    with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: weights.update({name: item[()]} if hasattr(item, "shape") else {}))
    return json.loads((run / "run.json").read_text()), weights


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    for name in weights:
        np.testing.assert_allclose(weights[name], others[name], rtol=0, atol=1e-4, err_msg=name)


def wait_for_epoch(process, folder):
    while not list(folder.glob("runs/mlp/*/epoch-*.weights.h5")):
        assert process.poll() is None
        time.sleep(0.05)


def seconds_to_end(process):
    began = time.monotonic()
    process.wait(timeout=120)
    return time.monotonic() - began


@pytest.mark.recipe
def test_two_processes_give_the_weights_of_one(session5, alone, tmp_path):
    record, weights = finish(session5(*WHOLE, "--processes", 2), tmp_path)
    expected, expected_weights = alone
    assert_same(weights, expected_weights)
    assert record["metrics"] == pytest.approx(expected["metrics"], abs=1e-4)
    assert record["epochs"] == len(record["history"]) == 2
    assert len(list(tmp_path.glob("runs/mlp/*"))) == 1
    assert {path.name for path in tmp_path.glob("runs/mlp/*/*")} == {"run.json", "model.keras"}


def test_a_killed_process_ends_the_other_and_the_run_goes_on_in_one(session5, alone, errors, tmp_path):
    """One epoch in two processes and the other in one: as both in one."""
    process = session5(*WHOLE, "--processes", 2)
    wait_for_epoch(process, tmp_path)
    first, last = psutil.Process(process.pid).children()
    last.kill()
    assert seconds_to_end(process) < TOGETHER_S
    assert process.returncode == 1
    assert not first.is_running()
    assert "Process 1 of this training was ended by SIGKILL" in errors().splitlines()[-1]
    resumed, weights = finish(session5("train", "mlp", "--resume", "--no-dashboard", "--json"), tmp_path)
    expected, expected_weights = alone
    assert_same(weights, expected_weights)
    assert resumed["metrics"] == pytest.approx(expected["metrics"], abs=1e-4)
    assert resumed["epochs"] == len(resumed["history"]) == 2
    for epoch, same in zip(resumed["history"], expected["history"], strict=True):
        assert epoch == pytest.approx(same, abs=1e-4)
    assert len(list(tmp_path.glob("runs/mlp/*"))) == 1
    assert {path.name for path in tmp_path.glob("runs/mlp/*/*")} == {"run.json", "model.keras"}


@pytest.mark.recipe
def test_a_run_of_one_process_goes_on_in_two(session5, alone, tmp_path):
    process = session5(*WHOLE)
    wait_for_epoch(process, tmp_path)
    process.kill()
    process.wait()
    resume = ["train", "mlp", "--resume", "--no-dashboard", "--json", "--processes", 2]
    _, weights = finish(session5(*resume), tmp_path)
    assert_same(weights, alone[1])


@pytest.mark.recipe
def test_processes_that_were_started_one_by_one_end_with_the_one_that_is_killed(session5, errors, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    together = [*TRAIN, *ENDLESS, "--processes", 2, "--coordinator", address, "--process-id"]
    first, second = session5(*together, 0), session5(*together, 1)
    wait_for_epoch(first, tmp_path)
    second.kill()
    assert seconds_to_end(first) < TOGETHER_S
    assert first.returncode == 1
    assert errors().splitlines()[-1].startswith("error: ")


@pytest.mark.recipe
def test_ctrl_c_ends_all(session5, errors, tmp_path):
    process = session5(*TRAIN, *ENDLESS, "--processes", 2)
    wait_for_epoch(process, tmp_path)
    workers = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGINT)
    assert seconds_to_end(process) < TOGETHER_S
    assert process.returncode == 130
    assert not any(worker.is_running() for worker in workers)
    assert errors().splitlines()[-1] == "Interrupted. Continue with: session5 train mlp --resume"

"""Networks that train at the same time: the first failure ends all of them with a clear message."""

import contextlib
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from types import SimpleNamespace

import psutil
import pytest

from keras_session5.catalog import NETWORKS
from keras_session5.cli import pipeline, workers
from keras_session5.errors import ProcessError, TrainingError
from keras_session5.training import device

THREADS = ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"]
JOBS = [pipeline.Job(NETWORKS[name], {}) for name in ("perceptron", "mlp")]


def sleep_or_be_killed(job, models, runs):
    if job.entry.name == "perceptron":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)


def sleep_or_fail(job, models, runs):
    if job.entry.name == "perceptron":
        raise TrainingError("The loss became nan.")
    time.sleep(600)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("work", "error", "sentence"),
    [(sleep_or_be_killed, ProcessError, "ended unexpectedly"), (sleep_or_fail, TrainingError, "became nan")],
)
def test_the_first_failure_ends_all(work, error, sentence, monkeypatch, tmp_path):
    monkeypatch.setattr(workers, "_train_and_export", work)
    with pytest.raises(error, match=sentence):
        workers.train_and_export(JOBS, models=tmp_path, runs=tmp_path, count=2, verbose=0)
    assert not multiprocessing.active_children()


def test_a_process_has_one_thread_of_tensorflow(monkeypatch):
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), workers._begin) as pool:
        assert list(pool.map(os.getenv, THREADS)) == ["1", "1"]


def test_on_a_gpu_networks_train_one_after_another_in_this_process(monkeypatch, tmp_path):
    trained = []
    monkeypatch.setattr(device, "name", lambda: "GPU:0")
    monkeypatch.setattr(pipeline, "train_and_export", lambda job, **settings: trained.append(job) or job)
    assert workers.train_and_export(JOBS, models=tmp_path, runs=tmp_path, count=2, verbose=0) == JOBS
    assert trained == JOBS


@pytest.mark.parametrize(("cores", "gibibytes", "count"), [(8, 64, 8), (2, 24, 2), (8, 7, 3), (2, 1, 1)])
def test_as_many_train_at_once_as_there_are_cores_and_memory(cores, gibibytes, count, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    memory = SimpleNamespace(available=gibibytes << 30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert workers._count_workers() == count


def test_each_epoch_is_a_line_with_the_name_of_its_network(monkeypatch):
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    with contextlib.redirect_stdout(workers._NamedLines("mlp")):
        print("Epoch 1/2\n4/4 - 1s - ", end="")
        print("loss: 2.0")
        print("\nEpoch 2/2")
        print("4/4 - 0s - loss: 1.0")
    assert stderr.getvalue() == (
        "mlp: Epoch 1/2, 4/4 - 1s - loss: 2.0\nmlp: Epoch 2/2, 4/4 - 0s - loss: 1.0\n"
    )


@pytest.fixture
def tour(tmp_path):
    """`session5 tour` when it has begun to train: the process, and its children."""
    command = [sys.executable, "-m", "keras_session5", "tour", "--landmarks"]
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
    try:
        until = time.monotonic() + 300
        while not list(tmp_path.glob("runs/transformer_encoder/*/run.json")):
            assert process.poll() is None, (tmp_path / "errors").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        yield process, psutil.Process(process.pid).children(recursive=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_ctrl_c_ends_all_and_prints_how_to_continue(tour, tmp_path):
    process, children = tour
    os.killpg(process.pid, signal.SIGINT)  # as the terminal does
    assert process.wait(timeout=60) == 130
    assert not psutil.wait_procs(children, timeout=10)[1]
    *_, sentence = (tmp_path / "errors").read_text().splitlines()
    assert sentence.startswith("Interrupted. Continue with: ")
    assert "session5 train transformer_encoder --resume" in sentence
    assert "Traceback" not in (tmp_path / "errors").read_text()


def test_the_processes_end_with_the_command_that_is_killed(tmp_path):
    program = (
        "import time, multiprocessing as mp\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "from keras_session5.cli import workers\n"
        "if __name__ == '__main__':\n"
        "    pool = ProcessPoolExecutor(1, mp.get_context('spawn'), workers._begin)\n"
        "    print(pool.submit(__import__('os').getpid).result(), flush=True)\n"
        "    pool.submit(time.sleep, 600)\n"
        "    time.sleep(600)\n"
    )
    (tmp_path / "program.py").write_text(program)
    with subprocess.Popen(
        [sys.executable, "program.py"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        worker = psutil.Process(int(process.stdout.readline()))
        process.kill()
    assert not psutil.wait_procs([worker], timeout=30)[1]

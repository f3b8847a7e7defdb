"""Trains several networks at once, each in its own process with one TensorFlow thread.

Two networks on one core each finish sooner than one after the other on both: `transformer_encoder` and
`simple_rnn` take 78 s instead of 110 (benchmarks/training.md).
"""

import contextlib
import io
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import psutil

from keras_session5.cli import interruptible, pipeline
from keras_session5.cli.output import configure_logging
from keras_session5.errors import ProcessError

_WORKER_BYTES = 2 << 30  # a process of a tour with two took 2,074 MiB at most once, and 2,125 once


def train_and_export(
    jobs: Sequence[pipeline.Job], *, models: Path, runs: Path, count: int | None, verbose: int
) -> list[pipeline.Exported]:
    """Trains and exports networks, several at once on a CPU, where the weights do not depend on how many.

    Args:
        jobs: the networks.
        models: folder of the exported models.
        runs: folder of the training runs.
        count: number of networks to train at once; as many as there are cores and memory if None.
        verbose: of Keras's progress bar, where networks are trained one at a time.

    Returns:
        The exported networks in the order of `jobs`.

    Raises:
        ProcessError: if a process ends unexpectedly.
        typer.Exit: after Ctrl-C, with the commands that continue.
    """
    from keras_session5.training import device

    if device.name() != "CPU":  # a training takes all of a GPU's memory
        return [pipeline.train_and_export(job, models=models, runs=runs, verbose=verbose) for job in jobs]
    with interruptible.explained(*(job.entry.name for job in jobs), runs=runs):
        return _run_at_once(jobs, models, runs, count or _count_workers())


def _run_at_once(
    jobs: Sequence[pipeline.Job], models: Path, runs: Path, count: int
) -> list[pipeline.Exported]:
    from keras_session5.training import load_result

    context = multiprocessing.get_context("spawn")  # TensorFlow's threads do not survive a fork
    exported: dict[str, pipeline.Exported] = {}
    with ProcessPoolExecutor(min(count, len(jobs)), context, _begin) as pool:
        try:
            # The last networks of the catalogue train longest: otherwise one would be left running alone.
            waiting = {pool.submit(_train_and_export, job, models, runs): job for job in reversed(jobs)}
            # Python 3.11 watches a new process only from the next submission on. Without this one, nobody
            # would notice that the last process is killed.
            pool.submit(bool)
            for done in as_completed(waiting):
                job = waiting[done]
                run_dir, path = done.result()
                exported[job.entry.name] = job, load_result(run_dir), path
        except BaseException as error:
            for process in multiprocessing.active_children():
                process.terminate()
            if isinstance(error, BrokenProcessPool) and error.__cause__ is None:
                raise ProcessError(
                    "A process that trained a network ended unexpectedly. Often the system has killed it "
                    "because memory ran out. Start again with fewer networks at once: --jobs 1"
                ) from None
            raise
    return [exported[job.entry.name] for job in jobs]


def _count_workers() -> int:
    # macOS has no affinity.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = psutil.virtual_memory().available // _WORKER_BYTES
    return max(1, min(cores, memory))


def _begin() -> None:
    """Prepares a process, before it imports TensorFlow."""
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # after Ctrl-C, the command ends its processes
    parent = multiprocessing.parent_process()
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    configure_logging()


def _end_with(parent: Any) -> None:
    """Ends this process with its parent, which may have been killed."""
    parent.join()
    os._exit(1)


def _train_and_export(job: pipeline.Job, models: Path, runs: Path) -> tuple[Path, Path]:
    """Returns the directory of the run and the version folder."""
    with contextlib.redirect_stdout(_NamedLines(job.entry.name)):
        _, result, path = pipeline.train_and_export(job, models=models, runs=runs, verbose=2)
    return result.run_dir, path


class _NamedLines(io.TextIOBase):
    """Writes Keras's progress to standard error: one line for each epoch, with the name of the network."""

    def __init__(self, name: str):
        self._name, self._epoch, self._begun = name, "", ""

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            if line.startswith("Epoch "):
                self._epoch = f"{line}, "
            elif line:
                print(f"{self._name}: {self._epoch}{line}", file=sys.stderr)
        return len(text)

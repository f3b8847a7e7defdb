"""Networks that train at the same time, each in a process with one core.

Most networks of the course are too small for two cores: the second core shortens the training of the
transformer encoder by a twentieth only.
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

_WORKER_BYTES = 2 << 30  # the most that training and exporting networks one after another takes


def train_and_export(jobs: Sequence[pipeline.Job], *, models: Path, runs: Path) -> list[pipeline.Exported]:
    """Trains and exports networks, as many at once as there are cores and memory; one with a GPU.

    The weights do not depend on how many train at once.

    Returns:
        The exported networks in the order of `jobs`.

    Raises:
        ProcessError: if a process is killed.
        typer.Exit: after Ctrl-C, with the commands that continue.
    """
    from keras_session5.training import device, load_result

    names = [job.entry.name for job in jobs]
    on_cpu = device.name() == "CPU"
    exported: dict[str, pipeline.Exported] = {}
    with (
        interruptible.explained(*names, runs=runs),
        ProcessPoolExecutor(
            _count_workers(len(jobs)) if on_cpu else 1,
            multiprocessing.get_context("spawn"),  # TensorFlow's threads do not survive a fork
            _begin,
            (on_cpu,),
        ) as pool,
    ):
        # The catalogue's last networks train longest: begun first, none of them remains alone at the end.
        waiting = {pool.submit(_train_and_export, job, models, runs): job for job in reversed(jobs)}
        try:
            for done in as_completed(waiting):
                job = waiting[done]
                run_dir, path = done.result()
                exported[job.entry.name] = job, load_result(run_dir), path
        except BaseException as error:
            for process in multiprocessing.active_children():
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise ProcessError(
                    "A process that trained a network was killed, as the system does when memory runs out. "
                    "Close other programs, and start again."
                ) from None
            raise
    return [exported[name] for name in names]


def _count_workers(num_jobs: int) -> int:
    memory = psutil.virtual_memory().available // _WORKER_BYTES
    return max(1, min(num_jobs, os.cpu_count() or 1, memory))


def _begin(one_core: bool) -> None:
    """Prepares a process, before it imports TensorFlow."""
    if one_core:
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

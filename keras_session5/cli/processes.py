"""Training in several processes: the command starts itself in each of them, and watches them."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from keras_session5 import catalog
from keras_session5.cli import interruptible
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError, ProcessError
from keras_session5.training import distributed
from keras_session5.training.runs import Run
from keras_session5.training.settings import check_data, split_settings


def check_options(processes: int | None, coordinator: str | None, process_id: int | None) -> None:
    """Raises `ArgumentError` unless the options say completely which processes to start."""
    if coordinator is None and process_id is None:
        return
    if coordinator is None or process_id is None or processes is None:
        raise ArgumentError(
            "`--coordinator` and `--process-id` must be given together, and with `--processes`. "
            f"Received: --processes={processes} --coordinator={coordinator} --process-id={process_id}"
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ArgumentError(
            f"`--coordinator` must be HOST:PORT of process 0. Received: --coordinator={coordinator}"
        )
    if process_id >= processes:
        raise ArgumentError(
            f"`--process-id` must be less than the number of processes, {processes}. "
            f"Received: --process-id={process_id}"
        )


def train(
    name: str,
    processes: int,
    coordinator: str | None,
    process_id: int | None,
    *,
    changes: Mapping[str, Any],
    runs: Path,
    data: str | None,
    data_dir: Path | None,
    resume: bool,
) -> None:
    """Runs this command in every process of a training, or in one of them; ends all if one fails.

    Args:
        name: catalogue name.
        processes: number of processes of the training.
        coordinator: `HOST:PORT` of process 0; None to start all processes on this machine.
        process_id: number of the process to start; None for all.
        changes: to the recipe or to the network.
        runs, data, data_dir, resume: of `session5 train`.

    Raises:
        ArgumentError, DataError, TrainingError: before anything is started.
        ProcessError: if a process ends early.
        typer.Exit: if a process fails and says why.
    """
    distributed.check_backend()
    if not (resume and process_id):  # process 0 chooses the run to resume
        run = Run.resumable(runs, name) if resume else None
        if run:
            distributed.check_backend(run.record.get("backend"))
        _check_batches(name, processes, changes, run, data, data_dir)
    local = coordinator is None
    address = coordinator or f"127.0.0.1:{_find_port()}"
    numbers = range(processes) if process_id is None else [process_id]
    workers = [_Worker(address, processes, number, local=local) for number in numbers]
    try:
        # The first one writes the run: once it has finished, the training has.
        while not any(worker.status for worker in workers) and workers[0].status is None:
            time.sleep(0.1)
        # Of several that failed, the killed one is the cause.
        failed = sorted((worker for worker in workers if worker.status), key=lambda one: one.status or 0)
        if failed:
            command = interruptible.resume_command(name, runs)
            failed[0].explain(f"A run that has begun continues with: {command} --processes {processes}")
    finally:
        for worker in workers:
            worker.end()


class _Worker:
    """A process of a training.

    Args:
        coordinator, processes, number, local: as `distributed.environment` takes them.
    """

    def __init__(self, coordinator: str, processes: int, number: int, *, local: bool):
        self.number = number
        # All processes have the same messages: those of the others appear only if they fail.
        quiet = local and number > 0
        self.messages = tempfile.TemporaryFile("w+", errors="replace") if quiet else None  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "keras_session5", *sys.argv[1:]],
            env=os.environ | distributed.environment(coordinator, processes, number, local=local),
            stderr=self.messages,
            start_new_session=True,  # Ctrl-C reaches this command alone, which ends the others
        )

    @property
    def status(self) -> int | None:
        """Exit status; None while the process runs, negative if a signal ended it."""
        return self.process.poll()

    def explain(self, advice: str) -> None:
        """Raises the exception for a process that failed."""
        status = self.process.returncode
        if self.messages:
            self.messages.seek(0)
            sys.stderr.write(self.messages.read())
        if status > 0:
            raise typer.Exit(status)
        cause = signal.Signals(-status)
        hint = " (JAX does this when another process is lost)" if cause == signal.SIGABRT else ""
        raise ProcessError(
            f"Process {self.number} of this training was ended by {cause.name}{hint}, and the others with "
            f"it. {advice}"
        )

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.messages:
            self.messages.close()


def _check_batches(
    name: str,
    processes: int,
    changes: Mapping[str, Any],
    run: Run | None,
    data: str | None,
    data_dir: str | Path | None,
) -> None:
    """Checks that the processes can share the batches, and prepares the data set once for all of them."""
    entry = catalog.network(name)
    entry.require_trained()
    if run:
        data, data_dir, changes = run.record["data"], run.record["data_dir"], run.record["recipe"]
    data = data or str(entry.data)
    check_data(entry, data)
    recipe = split_settings(changes, entry.recipe_for(data))[1]
    distributed.check_batch_size(recipe.batch_size, processes)
    load_data(data, data_dir)


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

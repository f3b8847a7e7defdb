"""Run directories `runs/<name>/<time stamp>/`, each with its record `run.json`."""

import contextlib
import fcntl
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from keras_session5.disk import written_whole
from keras_session5.errors import TrainingError
from keras_session5.training import distributed

logger = logging.getLogger("keras_session5")

RECORD = "run.json"
MODEL = "model.keras"


@dataclass
class Run:
    """One training run and its record.

    Of several processes that train together, one writes the run; the others keep a copy of the record.

    Attributes:
        directory: of the run's files.
        record: content of `run.json`: everything needed to repeat the run, and its results.
    """

    directory: Path
    record: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def create(runs_dir: str | os.PathLike, name: str, record: dict[str, Any]) -> "Run":
        """Creates a run directory, named after the time, and writes the first record."""
        record = record | {"status": "running", "epochs": 0, "seconds": 0.0, "history": []}
        if not distributed.is_writer():
            return Run(distributed.agree_on(None), record)
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        for suffix in ["", *(f"-{i}" for i in range(2, 1000))]:
            directory = Path(runs_dir) / name / (stamp + suffix)
            try:
                directory.mkdir(parents=True)
                break
            except FileExistsError:  # another run began in the same second
                continue
        else:
            raise TrainingError(f"{Path(runs_dir) / name} already holds a thousand runs of the same second.")
        run = Run(distributed.agree_on(directory), record)
        try:
            run.save()
        except OSError:
            directory.rmdir()
            raise
        return run

    @staticmethod
    def open(directory: str | os.PathLike) -> "Run":
        """Opens a run directory.

        Raises:
            TrainingError: if it holds no readable record.
        """
        path = Path(directory) / RECORD
        try:
            return Run(Path(directory), dict(json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            raise TrainingError(
                f"{directory} is not a training run: {path} must be a JSON record. Received: {error}"
            ) from None

    @staticmethod
    def latest(runs_dir: str | os.PathLike, name: str) -> "Run | None":
        """Returns the newest finished run of a network, or None."""
        return next(
            (run for run in _newest_first(runs_dir, name) if run.record.get("status") == "finished"), None
        )

    @staticmethod
    def resumable(runs_dir: str | os.PathLike, name: str) -> "Run":
        """Returns the newest run of a network that was interrupted.

        Raises:
            TrainingError: if there is none, or other processes are training all of them.
        """
        if not distributed.is_writer():
            return Run.open(distributed.agree_on(None))
        held = ""
        for run in _newest_first(runs_dir, name):
            if run.record.get("status") != "running":
                continue
            if run.is_alive():
                held += f" {run.directory} is being trained by another process."
                continue
            if held:
                logger.warning("Resuming an older run:%s", held)
            distributed.agree_on(run.directory)
            return run
        raise TrainingError(
            f"There is no unfinished run of {name} in {runs_dir} to resume.{held} "
            "Start a new one without `resume`."
        )

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Holds a lock that keeps other processes from training the same run.

        The kernel releases the lock when the process ends, even after a crash.

        Raises:
            TrainingError: if another process is training it.
        """
        if not distributed.is_writer():
            yield
            return
        path = self.directory / "lock"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TrainingError(f"{self.directory} is being trained by another process.") from None
            try:
                yield
            finally:
                path.unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Returns whether a process is training this run."""
        try:
            with self.claimed():
                return False
        except TrainingError:
            return True

    def save(self, **changes: Any) -> None:
        """Updates the record and writes it atomically."""
        self.record |= changes
        if not distributed.is_writer():
            return
        with written_whole(self.directory / RECORD) as writing:
            writing.write_text(json.dumps(self.record, indent=2, ensure_ascii=False) + "\n", "utf-8")

    def log_epoch(self, epoch: int, logs: dict[str, float], seconds: float, epoch_seconds: float) -> None:
        """Records the metrics of an epoch, counted from 0, its seconds and those of the training so far."""
        self.save(
            epochs=epoch + 1,
            seconds=seconds,
            epoch_seconds=[*self.record.get("epoch_seconds", [])[:epoch], epoch_seconds],
            history=[*self.record["history"][:epoch], logs],
        )

    def checkpoint_path(self, epochs_done: int) -> Path:
        return self.directory / f"epoch-{epochs_done:05d}.weights.h5"

    def checkpoints(self) -> list[Path]:
        """Returns the existing checkpoints, oldest first."""
        return sorted(self.directory.glob("epoch-*.weights.h5"))

    @property
    def epochs_done(self) -> int:
        """Number of finished epochs, according to the newest checkpoint."""
        found = self.checkpoints()
        return int(re.findall(r"\d+", found[-1].name)[0]) if found else 0


def _newest_first(runs_dir: str | os.PathLike, name: str) -> Iterator[Run]:
    """Yields the readable runs of a network, newest first."""
    for path in sorted((Path(runs_dir) / name).glob(f"*/{RECORD}"), key=stamp, reverse=True):
        try:
            yield Run.open(path.parent)
        except TrainingError as error:
            logger.warning("%s", error)


def stamp(path: Path) -> tuple[str, int]:
    """Sort key of a record: the time of its run, then the number within that second; others first."""
    found = re.fullmatch(r"(\d{8}-\d{6})(?:-(\d+))?", path.parent.name)
    return (found[1], int(found[2] or 1)) if found else ("", 0)

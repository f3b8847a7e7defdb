"""Training that prints, after Ctrl-C, the command that continues it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from keras_session5.cli.options import RUNS
from keras_session5.errors import TrainingError


def train(name: str, *, runs: Path, **settings: Any) -> Any:
    """Trains a network, as `training.train`, in the context of `explained`."""
    from keras_session5.training import train as train_network

    flags = " --model-parallel" if settings.get("model_parallel") else ""
    with explained(name, runs=runs, resume=settings.get("resume", False), flags=flags):
        return train_network(name, runs_dir=runs, **settings)


@contextlib.contextmanager
def explained(*names: str, runs: Path, resume: bool = False, flags: str = "") -> Iterator[None]:
    """After Ctrl-C, prints the commands that continue the runs of these networks, with further flags.

    Args:
        names: catalogue names.
        runs: folder of all runs.
        resume: whether the only network's run had begun before.
        flags: to add to the commands.

    Raises:
        typer.Exit: with status 130, after Ctrl-C.
    """
    before = {name: _list_runs(name, runs) for name in names}
    try:
        yield
    except KeyboardInterrupt:
        begun = [
            name
            for name in names
            if resume or any(map(_is_unfinished, _list_runs(name, runs) - before[name]))
        ]
        commands = " and ".join(resume_command(name, runs) + flags for name in begun)
        typer.echo("\nInterrupted." + (f" Continue with: {commands}" if commands else ""), err=True)
        raise typer.Exit(130) from None


def resume_command(name: str, runs: Path) -> str:
    """Returns the command that continues an unfinished run."""
    return f"session5 train {name} --resume" + ("" if runs == RUNS else f" --runs {runs}")


def _list_runs(name: str, runs: Path) -> set[Path]:
    return set((runs / name).glob("*"))


def _is_unfinished(directory: Path) -> bool:
    from keras_session5.training.runs import Run

    try:
        return Run.open(directory).record.get("status") == "running"
    except TrainingError:  # interrupted before it had a record
        return False

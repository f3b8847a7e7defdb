"""Training that prints, after Ctrl-C, the command that continues it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from keras_session5.cli.options import RUNS


def train(name: str, *, runs: Path, **settings: Any) -> Any:
    """Trains a network, as `training.train`, in the context of `explained`."""
    from keras_session5.training import train as train_network

    flags = " --model-parallel" if settings.get("model_parallel") else ""
    with explained(name, runs=runs, resume=settings.get("resume", False), flags=flags):
        return train_network(name, runs_dir=runs, **settings)


@contextlib.contextmanager
def explained(name: str, *, runs: Path, resume: bool, flags: str = "") -> Iterator[None]:
    """After Ctrl-C, prints the command that continues the run, with further flags.

    Raises:
        typer.Exit: with status 130, after Ctrl-C.
    """
    before = _list_runs(name, runs)
    try:
        yield
    except KeyboardInterrupt:
        sentence = "Interrupted."
        if resume or _list_runs(name, runs) - before:
            sentence += f" Continue with: {resume_command(name, runs)}{flags}"
        typer.echo(f"\n{sentence}", err=True)
        raise typer.Exit(130) from None


def resume_command(name: str, runs: Path) -> str:
    """Returns the command that continues an unfinished run."""
    return f"session5 train {name} --resume" + ("" if runs == RUNS else f" --runs {runs}")


def _list_runs(name: str, runs: Path) -> set[Path]:
    return set((runs / name).glob("*"))

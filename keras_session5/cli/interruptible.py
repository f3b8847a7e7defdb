"""Training that prints, after Ctrl-C, the command that continues it."""

from pathlib import Path
from typing import Any

import typer

from keras_session5.cli.options import RUNS


def train(name: str, *, runs: Path, **settings: Any) -> Any:
    """Trains a network; after Ctrl-C, prints the command that continues the run.

    Raises:
        typer.Exit: with status 130, after Ctrl-C.
    """
    from keras_session5.training import train as train_network

    before = _list_runs(name, runs)
    try:
        return train_network(name, runs_dir=runs, **settings)
    except KeyboardInterrupt:
        sentence = "Interrupted."
        if settings.get("resume") or _list_runs(name, runs) - before:
            where = "" if runs == RUNS else f" --runs {runs}"
            sentence += f" Continue with: session5 train {name} --resume{where}"
        typer.echo(f"\n{sentence}", err=True)
        raise typer.Exit(130) from None


def _list_runs(name: str, runs: Path) -> set[Path]:
    return set((runs / name).glob("*"))

"""`session5 dashboard`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keras_session5.checks import free_address
from keras_session5.cli.child import run_child
from keras_session5.cli.options import RUNS, Runs
from keras_session5.errors import ArgumentError


def register(app: typer.Typer) -> None:
    app.command("dashboard", epilog="Example: session5 dashboard --port 6007")(dashboard)


def dashboard(
    runs: Runs = RUNS,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 6006,
) -> None:
    """Open TensorBoard on the training runs; Ctrl-C ends it."""
    if not runs.is_dir():
        raise ArgumentError(
            f"`--runs` must be a directory of training runs; `session5 train NAME` makes one. "
            f"Received: --runs={runs}"
        )
    free_address(host, port)
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"TensorBoard on {runs}: http://{shown}:{port}/ (Ctrl-C ends it)", err=True)
    if not _event_files(runs):
        typer.echo("There is no run yet; one that begins will appear: session5 train NAME", err=True)
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(runs)]
    raise typer.Exit(run_child([*command, "--host", host, "--port", str(port)]))


def _event_files(runs: Path) -> bool:
    return any(runs.rglob("events.out.tfevents.*"))

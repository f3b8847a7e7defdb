"""`session5 dashboard`."""

import contextlib
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from keras_session5.catalog import NETWORKS
from keras_session5.checks import free_address, one_of
from keras_session5.cli.child import run_child
from keras_session5.cli.options import RUNS, Runs
from keras_session5.errors import ArgumentError

_RELOAD_S = 5.0  # TensorBoard's own reload interval


def dashboard(
    name: Annotated[
        str | None,
        typer.Argument(help="Only this network, or the folder of a run.", show_default="every network"),
    ] = None,
    runs: Runs = RUNS,
    every: Annotated[bool, typer.Option("--all", help="Show all runs, not only the newest.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 6006,
) -> None:
    """Open TensorBoard on the newest training run of each network; Ctrl-C ends it."""
    if name is not None and (path := Path(name)).is_dir() and (path.name != name or not runs.is_dir()):
        runs, name = path.absolute().parent, path.name
    elif name is not None and Path(name).name != name:
        raise ArgumentError(f"`NAME` must be a network or the folder of a run. Received: {name}: no folder")
    if not runs.is_dir():
        raise ArgumentError(
            f"`--runs` must be a directory of training runs; `session5 train NAME` makes one. "
            f"Received: --runs={runs}"
        )
    if name is not None:
        one_of(
            "name", name, [*NETWORKS, *(path.name for path in runs.iterdir() if path.name not in NETWORKS)]
        )
    free_address(host, port)
    where = runs if name is None else runs / name
    what = "all runs" if every else "the newest run" if name else "the newest run of each network"
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"TensorBoard on {what} in {where}: http://{shown}:{port}/ (Ctrl-C ends it)", err=True)
    if not _has_events(where):
        missing = f"session5 train {name or 'NAME'}"
        typer.echo(f"There is no run yet; a new one will appear: {missing}", err=True)
    with contextlib.nullcontext(where) if every else _link_newest(runs, name) as folder:
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(folder)]
        status = run_child([*command, "--host", host, "--port", str(port)])
    raise typer.Exit(status)


@contextlib.contextmanager
def _link_newest(runs: Path, name: str | None) -> Iterator[Path]:
    """Yields a folder of links to the newest runs, `<network>/<run>`, and updates it as new runs appear."""
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(_RELOAD_S):
            with contextlib.suppress(OSError):  # a run was removed at the same time
                _update_links(runs, name, Path(folder))

    with tempfile.TemporaryDirectory(prefix="session5-dashboard-") as folder:
        _update_links(runs, name, Path(folder))
        following = threading.Thread(target=follow)
        following.start()
        try:
            yield Path(folder)
        finally:
            ended.set()
            following.join()


def _update_links(runs: Path, name: str | None, folder: Path) -> None:
    """Links each network's newest run with event files, in place of an older one.

    A folder without records is of a `Dashboard` for a model of one's own, and linked as a whole.
    """
    from keras_session5.training.runs import RECORD, stamp

    for network in runs.iterdir() if name is None else [runs / name]:
        records = sorted(network.glob(f"*/{RECORD}"), key=stamp, reverse=True)
        newest = next((record.parent for record in records if _has_events(record.parent)), None)
        links = folder / network.name
        if not records and _has_events(network) and not links.exists():
            links.symlink_to(network.resolve())
        if newest is None or (links / newest.name).exists():
            continue
        links.mkdir(exist_ok=True)
        for old in links.iterdir():
            old.unlink()
        (links / newest.name).symlink_to(newest.resolve())


def _has_events(run: Path) -> bool:
    return any(run.rglob("events.out.tfevents.*"))

"""`session5 tour`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from keras_session5.cli.options import MODELS, REPORT, RUNS, Json, Models, Report, Runs, Seed
from keras_session5.cli.output import progress


def register(app: typer.Typer) -> None:
    app.command("tour", epilog="Example: session5 tour --report report.json")(tour)


def tour(
    seed: Seed = None,
    runs: Runs = RUNS,
    models: Models = MODELS,
    config: Annotated[
        Path | None,
        typer.Option(help="TensorFlow Serving's configuration file.", show_default="serving/models.config"),
    ] = None,
    report: Report = REPORT,
    json: Json = False,
) -> None:
    """Take every landmark of the course the whole way, and serve all of them together."""
    from keras_session5.catalog import NETWORKS
    from keras_session5.cli import pipeline

    began = time.perf_counter()
    source = config or _default_config(models)
    entries = [entry for entry in NETWORKS.values() if entry.tour is not None]
    jobs = [_job(entry, seed) for entry in entries]
    with progress() as verbose:
        pipeline.make_folders(models, runs, report)
        pipeline.check_config(source, models, entries)
        exported = [pipeline.train_and_export(job, models=models, runs=runs, verbose=verbose) for job in jobs]
        rows = pipeline.ask_all_ways(exported, source, models)
    notes = [job.note for job in jobs if job.note]
    pipeline.report(rows, began, report, json, title="From builder to served model", notes=notes)
    if not json:
        typer.echo("Next: session5 serve, and session5 dashboard")


def _job(entry, seed: int | None):
    from keras_session5.cli.pipeline import Job

    if not entry.tour:
        return Job(entry, entry.floor, {"seed": seed})
    changed = ", ".join(f"{key}={value}" for key, value in entry.tour.items())
    note = f"{entry.name}: shorter training than its recipe, to keep the tour short: {changed}"
    return Job(entry, entry.tour_floor, {"seed": seed, **entry.tour}, note)


def _default_config(models: Path) -> Path | dict[str, str]:
    """The repository's configuration; where the package is installed without it, what it would say."""
    from keras_session5.catalog import NETWORKS

    config = Path("serving/models.config")
    if config.exists():
        return config
    return {name: str(models / name) for name, entry in NETWORKS.items() if entry.tour is not None}

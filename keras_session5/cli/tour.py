"""`session5 tour`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keras_session5.cli.options import MODELS, REPORT, RUNS, Json, Models, Report, Runs, Seed
from keras_session5.cli.output import progress

if TYPE_CHECKING:
    from keras_session5.catalog import Network
    from keras_session5.cli.pipeline import Job


def tour(
    seed: Seed = None,
    runs: Runs = RUNS,
    models: Models = MODELS,
    config: Annotated[
        Path | None,
        typer.Option(help="TensorFlow Serving's configuration file.", show_default="serving/all.config"),
    ] = None,
    report: Report = REPORT,
    landmarks: Annotated[bool, typer.Option("--landmarks", help="Only the five landmarks.")] = False,
    at_once: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Networks to train at the same time on a CPU.",
            show_default="one for each core with 2 GiB of free memory",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Train and export every network of the course, serve all together, and compare the outputs."""
    from keras_session5.catalog import NETWORKS
    from keras_session5.cli import pipeline, workers

    began = time.perf_counter()
    entries = [
        entry for entry in NETWORKS.values() if entry.tour is not None and (entry.landmark or not landmarks)
    ]
    source = config or _choose_config(models, entries, landmarks)
    jobs = [_make_job(entry, seed) for entry in entries]
    with progress() as verbose:
        pipeline.prepare(models, runs, report)
        pipeline.check_config(source, models, entries)
        exported = workers.train_and_export(jobs, models=models, runs=runs, count=at_once, verbose=verbose)
        rows = pipeline.compare_served(exported, source, models)
    notes = [job.note for job in jobs if job.note]
    pipeline.write_report(rows, began, report, json, title="From builder to served model", notes=notes)
    if not json:
        typer.echo("Next: session5 serve, and session5 dashboard")


def _make_job(entry: "Network", seed: int | None) -> "Job":
    from keras_session5.cli.pipeline import Job

    settings = {"seed": seed} if entry.recipe else {}
    if not entry.tour:
        return Job(entry, settings, entry.min_accuracy, entry.max_loss)
    changed = ", ".join(f"{key}={value}" for key, value in entry.tour.items())
    note = f"{entry.name}: shorter training than its recipe, to keep the tour short: {changed}"
    return Job(entry, settings | dict(entry.tour), entry.tour_min_accuracy, entry.tour_max_loss, note)


def _choose_config(models: Path, entries: "list[Network]", landmarks: bool) -> Path | dict[str, str]:
    """Returns the repository's configuration file, or without a repository its equivalent as a dict."""
    config = Path("serving") / ("models.config" if landmarks else "all.config")
    if config.exists():
        return config
    return {entry.name: str(models / entry.name) for entry in entries}

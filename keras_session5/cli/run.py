"""`session5 run`."""

import time
from dataclasses import replace

import typer

from keras_session5.cli.options import (
    MODELS,
    REPORT,
    RUNS,
    Data,
    DataDir,
    Epochs,
    Json,
    Models,
    Name,
    Report,
    Runs,
    Seed,
    Set,
    Xla,
)
from keras_session5.cli.output import progress
from keras_session5.cli.settings import parse_settings


def run(
    name: Name,
    data: Data = None,
    epochs: Epochs = None,
    settings: Set = None,
    seed: Seed = None,
    xla: Xla = None,
    data_dir: DataDir = None,
    runs: Runs = RUNS,
    models: Models = MODELS,
    report: Report = REPORT,
    json: Json = False,
) -> None:
    """Take one network the whole way: train, export, serve, ask, compare."""
    from keras_session5 import catalog
    from keras_session5.cli import pipeline

    began = time.perf_counter()
    entry = catalog.network(name)
    own = parse_settings(settings, epochs)
    given = {"data": data, "seed": seed, "xla": xla, "data_dir": data_dir}
    job = pipeline.Job(entry, own | given)
    if not own and data in (None, entry.data):
        # What the catalogue's recipe reaches on its own data; other settings promise nothing.
        job = replace(job, min_accuracy=entry.min_accuracy, max_loss=entry.max_loss)
    with progress() as verbose:
        pipeline.make_folders(models, runs, report)
        exported = pipeline.train_and_export(job, models=models, runs=runs, verbose=verbose)
        rows = pipeline.ask_all_ways([exported], {name: str(models / name)}, models)
    pipeline.report(rows, began, report, json, title=f"{entry.title}, from builder to served model")
    if not json:
        typer.echo("Next: session5 serve")

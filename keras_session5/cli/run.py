"""`session5 run`."""

import time
from dataclasses import replace

import typer

from keras_session5.cli import options
from keras_session5.cli.output import progress
from keras_session5.cli.settings import parse_settings


def run(
    name: options.Name,
    data: options.Data = None,
    epochs: options.Epochs = None,
    settings: options.Set = None,
    seed: options.Seed = None,
    xla: options.Xla = None,
    data_dir: options.DataDir = None,
    runs: options.Runs = options.RUNS,
    models: options.Models = options.MODELS,
    report: options.Report = options.REPORT,
    json: options.Json = False,
) -> None:
    """Train, export, serve and query one network, and compare the outputs."""
    from keras_session5 import catalog
    from keras_session5.cli import pipeline

    began = time.perf_counter()
    entry = catalog.network(name)
    own = parse_settings(settings, epochs)
    given = {"data": data, "seed": seed, "xla": xla, "data_dir": data_dir}
    job = pipeline.Job(entry, own | given)
    if not own and data in (None, entry.data):
        # The catalogue promises metrics for its own recipe and data only.
        job = replace(job, min_accuracy=entry.min_accuracy, max_loss=entry.max_loss)
    with progress() as verbose:
        pipeline.prepare(models, runs, report)
        exported = pipeline.train_and_export(job, models=models, runs=runs, verbose=verbose)
        rows = pipeline.compare_served([exported], {name: str(models / name)}, models)
    pipeline.write_report(rows, began, report, json, title=f"{entry.title}, from builder to served model")
    if not json:
        typer.echo("Next: session5 serve")

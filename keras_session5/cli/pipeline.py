"""The steps of `run` and `tour`: train, export, serve, query, compare.

The comparison verifies that the Keras model, the SavedModel on disk and the server's gRPC and
REST APIs return the same outputs for the same test samples.
"""

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from keras_session5 import catalog
from keras_session5.cli import interruptible
from keras_session5.cli.output import format_metrics, print_json, print_table, to_json
from keras_session5.errors import ArgumentError, Session5Error
from keras_session5.training import backend


@dataclass(frozen=True)
class Job:
    """One network to train, and the metrics that it must reach on the test split.

    Attributes:
        entry: the network's entry in the catalogue.
        settings: arguments of `train`.
        min_accuracy: required accuracy; None to require none, as with a user's own settings.
        max_loss: greatest allowed loss; None likewise.
        note: a sentence on the differences from the catalogue's recipe.
    """

    entry: catalog.Network
    settings: Mapping[str, Any]
    min_accuracy: float | None = None
    max_loss: float | None = None
    note: str = ""


Exported = tuple[Job, Any, Path]  # with the result of the training and the version folder


def prepare(models: Path, runs: Path, report: Path) -> None:
    """Chooses TensorFlow, which exports, and makes the output folders, before the work begins.

    Raises:
        ArgumentError: without TensorFlow, or if this process has imported Keras with another backend.
        OSError: if a folder cannot be made.
    """
    backend.choose("tensorflow")
    for folder in (models, runs, report.parent):
        folder.mkdir(parents=True, exist_ok=True)


def check_config(config: Path | dict[str, str], models: Path, entries: Sequence[catalog.Network]) -> None:
    """Checks before the work begins that the server's configuration lists every network of the tour."""
    from keras_session5.server.config import read_config

    listed = [model.name for model in read_config(config, models)]
    missing = [entry.name for entry in entries if entry.name not in listed]
    if missing:
        raise ArgumentError(f"`--config` must list {', '.join(missing)} too. Received: {config}")


def train_and_export(job: Job, *, models: Path, runs: Path, verbose: int) -> Exported:
    """Trains one network, unless its weights are set by hand, and exports it."""
    from keras_session5.exporting import export
    from keras_session5.training import set_by_hand

    name = job.entry.name
    if job.note:
        print_status(job.note)
    if job.entry.recipe is None and not any(value is not None for value in job.settings.values()):
        result = set_by_hand(name, runs_dir=runs)
    else:
        result = interruptible.train(name, runs=runs, verbose=verbose, **job.settings)
    path = export(result, models)
    print_status(f"{name}: {format_metrics(result.metrics)} in {result.seconds:.1f} s -> {path}")
    return job, result, path


def compare_served(exported: Sequence[Exported], config: Path | dict[str, str], models: Path) -> list[dict]:
    """Serves the networks, compares their outputs and returns one row of the report for each."""
    from keras_session5.client import connect
    from keras_session5.server import serve

    print_status("serving and querying over gRPC and REST")
    with (
        serve(config, models=str(models)) as server,
        connect(server.grpc_address) as grpc,
        connect(server.rest_address) as rest,
    ):
        return [_compare_one(*one, grpc, rest) for one in exported]


def write_report(
    rows: list[dict], began: float, path: Path, json: bool, title: str, notes: Sequence[str] = ()
) -> None:
    """Writes `report.json` and prints the table.

    Raises:
        Session5Error: if a network misses its accuracy, its loss or the tolerance of the comparison.
    """
    # Of this process, or the largest that it has started. Linux counts in KiB, macOS in bytes.
    peak = max(
        resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    whole = {
        "seconds": round(time.perf_counter() - began, 1),
        "peak_memory_mib": peak // (1 << 20 if sys.platform == "darwin" else 1 << 10),
        "networks": rows,
    }
    if json:
        print_json(whole)
    else:
        _print_rows(title, rows)
        for note in notes:
            typer.echo(note)
    path.write_text(to_json(whole) + "\n", "utf-8")
    if not json:
        typer.echo(
            f"{whole['seconds']} s, {whole['peak_memory_mib']} MiB at most in a process. Report: {path}"
        )
    wrong = _find_failures(rows)
    if wrong:
        raise Session5Error(" ".join(wrong))


def print_status(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _compare_one(job: Job, result: Any, path: Path, grpc: Any, rest: Any) -> dict[str, Any]:
    from keras_session5.exporting import ask_saved_model, max_difference
    from keras_session5.exporting.signatures import example_inputs, predict

    inputs, version = example_inputs(result.model, result.task()), int(path.name)
    expected = predict(result.model, inputs)
    ways = {
        "saved_model": ask_saved_model(path, "serving_default", inputs),
        "grpc": grpc.predict(job.entry.name, inputs, version=version),
        "rest": rest.predict(job.entry.name, inputs, version=version),
    }
    return {
        "name": job.entry.name,
        "parameters": result.record["parameters"],
        "data": result.data,
        "metrics": result.metrics,
        "floor": job.min_accuracy,
        "ceiling": job.max_loss,
        "train_seconds": round(result.seconds, 1),
        "version": version,
        "max_difference": {way: max_difference(expected, outputs) for way, outputs in ways.items()},
    }


def _print_rows(title: str, rows: list[dict]) -> None:
    from keras_session5.exporting.signatures import EXAMPLES

    header = ["name", "parameters", "data", "accuracy", "loss", "seconds", "version"]
    print_table(
        title,
        [*header, "SavedModel", "gRPC", "REST"],
        [
            (
                row["name"],
                row["parameters"],
                row["data"],
                row["metrics"].get("accuracy"),
                row["metrics"]["loss"],
                row["train_seconds"],
                row["version"],
                *(f"{difference:.1e}" for difference in row["max_difference"].values()),
            )
            for row in rows
        ],
    )
    typer.echo(
        f"SavedModel, gRPC, REST: largest difference from the Keras model over {EXAMPLES} test examples."
    )


def _find_failures(rows: list[dict]) -> list[str]:
    """Returns one sentence for each requirement that a network misses."""
    from keras_session5.exporting import TOLERANCE

    sentences = []
    for row in rows:
        accuracy, loss = row["metrics"].get("accuracy"), row["metrics"]["loss"]
        if row["floor"] is not None and not accuracy >= row["floor"]:
            sentences.append(
                f"{row['name']} must reach an accuracy of {row['floor']}. Received: {accuracy:.4f}."
            )
        if row["ceiling"] is not None and not loss <= row["ceiling"]:
            sentences.append(
                f"{row['name']} must reach a loss of {row['ceiling']} or less. Received: {loss:.4f}."
            )
        for way, difference in row["max_difference"].items():
            if not difference <= TOLERANCE:
                sentences.append(
                    f"{row['name']} over {way} must equal the Keras model to {TOLERANCE}. "
                    f"Received: a difference of {difference:.3g}."
                )
    return sentences

"""`session5 compare`."""

import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from keras_session5.cli import interruptible
from keras_session5.cli.options import RUNS, DataDir, Json, Runs, Seed
from keras_session5.cli.output import prepare_picture_path, print_json, print_table, progress
from keras_session5.errors import ArgumentError

if TYPE_CHECKING:
    from keras_session5.comparison.compare import Row

_COLUMN_NOTES = (
    "seconds: training time, including feature extraction. us/example: prediction time on the whole test "
    "split\nafter a warm-up. bytes: size of the pickled method, or of the network's .keras file without the "
    "optimizer."
)


def compare(
    data: Annotated[str, typer.Argument(help="Data set with classes: digits, place_names, ...")],
    network: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this network. Repeatable.",
            show_default="all networks for this data set",
        ),
    ] = None,
    no_networks: Annotated[bool, typer.Option("--no-networks", help="Classical methods only.")] = False,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also train on 1, 2, 5, ... 100 % of the training split.")
    ] = False,
    seed: Seed = None,
    data_dir: DataDir = None,
    runs: Runs = RUNS,
    picture: Annotated[
        Path | None,
        typer.Option(help="Output file of the picture: .png, .pdf or .svg.", show_default="compare-DATA.png"),
    ] = None,
    json: Json = False,
) -> None:
    """Compare classical methods with networks on the same split."""
    if network and no_networks:
        raise ArgumentError(f"`--no-networks` and `--network` exclude each other. Received: {network}")
    name = f"compare-{data.replace('/', '-')}.png"
    picture = prepare_picture_path(picture or Path(name), ".png", ".pdf", ".svg")
    from keras_session5.comparison import compare as comparing
    from keras_session5.data import load_data

    began = time.perf_counter()
    comparing.check_has_classes(data)
    names = [] if no_networks else comparing.networks_for(data, network)
    with progress() as verbose:
        data_set = load_data(data, data_dir)
        given = {"data": data, "seed": seed, "data_dir": data_dir}
        train = partial(interruptible.train, runs=runs, verbose=verbose, **given)
        rows = [
            *comparing.classical_rows(data_set, seed or 0),
            *comparing.deep_rows(data_set, names, train),
        ]
        rows.sort(key=lambda row: -row.accuracy)
        # In a separate folder, because export takes the newest run of a network's own folder.
        train = partial(interruptible.train, runs=runs / "curve", verbose=0, **given)
        curves = [*comparing.curves(data_set, rows, train, seed or 0)] if curve else []
    sentences = comparing.findings(data_set, rows, curves)
    from keras_session5.cli.compare_picture import draw

    draw(f"{data}: {len(data_set.train):,} training examples", rows, curves, picture)
    if json:
        found = {"data": data, "examples": {"train": len(data_set.train), "test": len(data_set.test)}}
        found |= {"rows": [*map(asdict, rows)]} | ({"curves": [*map(asdict, curves)]} if curve else {})
        print_json(found | {"findings": sentences, "picture": str(picture)})
        return
    _print_rows(data, rows)
    typer.echo(_COLUMN_NOTES)
    for sentence in sentences:
        typer.echo(sentence)
    typer.echo(f"{time.perf_counter() - began:.1f} s. Picture: {picture}")


def _print_rows(data: str, rows: "list[Row]") -> None:
    header = [
        "name", "family", "features", "accuracy", "seconds", "us/example", "bytes", "parameters", "note",
    ]  # fmt: skip
    print_table(
        f"Classical and deep on {data}",
        header,
        [
            (
                row.name,
                row.family,
                row.features,
                round(row.accuracy, 4),
                round(row.train_seconds, 3),
                round(row.predict_us, 1),
                row.size_bytes,
                row.parameters,
                row.note,
            )
            for row in rows
        ],
    )

"""`session5 query`."""

import json as json_module
import unicodedata
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5.cli.options import SERVER, Name, Server, Timeout
from keras_session5.cli.output import print_json
from keras_session5.errors import ArgumentError

EXAMPLE = 'Example: session5 query simple_rnn --text "Frankreich"'


def register(app: typer.Typer) -> None:
    app.command("query", epilog=EXAMPLE)(query)


def query(
    name: Name,
    image: Annotated[Path | None, typer.Option(help="PNG or JPEG file, white on black.")] = None,
    text: Annotated[str | None, typer.Option(help="A text.")] = None,
    json: Annotated[
        str | None,
        typer.Option(
            help="""Inputs of serving_default: '{"inputs": [[0, 1]]}', or '[[0, 1]]' if it has one."""
        ),
    ] = None,
    version: Annotated[int | None, typer.Option(help="Version; the newest if left out.", min=0)] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the whole answer as one JSON object.")] = False,
    server: Server = SERVER,
    timeout: Timeout = 10.0,
) -> None:
    """Ask a served model."""
    from keras_session5.client import connect

    if sum(given is not None for given in (image, text, json)) != 1:
        raise ArgumentError("Give exactly one of --image, --text and --json.")
    with connect(server, timeout_s=timeout) as client:
        if image is not None:
            signature, inputs = "from_image_bytes", {"image_bytes": [_read(image)]}
        elif text is not None:
            signature, inputs = "from_text", {"text": [unicodedata.normalize("NFC", text)]}
        else:
            signature, inputs = "serving_default", _inputs(client, name, version, str(json))
        answer = client.predict(name, inputs, signature_name=signature, version=version)
    if raw:
        print_json({key: value.tolist() for key, value in answer.items()})
        return
    for key in sorted(answer):  # label before probabilities
        typer.echo(f"{key}: {_one_line(answer[key])}")
    if "label" in answer:
        _print_ranking(str(answer["label"][0]), answer["probabilities"][0].tolist())


def _inputs(client: Any, name: str, version: int | None, text: str) -> dict[str, Any]:
    """The inputs that `--json` gives: by name, or bare for a model with a single one."""
    try:
        value = json_module.loads(text)
    except ValueError as error:
        raise ArgumentError(f"`--json` must be JSON: {error}. Received: {text!r}") from None
    if isinstance(value, dict):
        return value
    names = list(client.metadata(name, version=version).signatures["serving_default"].inputs)
    if len(names) != 1:
        raise ArgumentError(
            f"`--json` must be an object with the inputs {', '.join(names)}. Received: {text!r}"
        )
    return {names[0]: value}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArgumentError(
            f"`--image` must be a file that can be read: {error.strerror}. Received: {path}"
        ) from None


def _one_line(array: Any) -> str:
    """The answer to one question; numbers with four digits."""
    rows = array.tolist()
    row = rows[0] if len(rows) == 1 else rows
    if isinstance(row, list):
        return " ".join(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row)
    return str(row)


def _print_ranking(label: str, probabilities: list[float]) -> None:
    """Prints the likeliest classes, if one of our data sets has these classes.

    An answer does not say what its classes are called, only which one is the label: a data set of as
    many classes that has this name in that place is taken to be the one.
    """
    from keras_session5.data import DATA_SETS

    order = sorted(range(len(probabilities)), key=lambda i: -probabilities[i])
    for entry in DATA_SETS.values():
        if len(entry.class_names) == len(order) and entry.class_names[order[0]] == label:
            for i in order[:5]:
                typer.echo(f"  {probabilities[i]:.4f}  {entry.class_names[i]}")
            return

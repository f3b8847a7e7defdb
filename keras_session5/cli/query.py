"""`session5 query`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5.cli.advice import absence_explained
from keras_session5.cli.options import MODELS, SERVER, Model, Models, Server, Timeout
from keras_session5.cli.output import print_json
from keras_session5.cli.question import named_inputs, read_question
from keras_session5.errors import ArgumentError, FailedPreconditionError, InvalidArgumentError

_LIKELIEST = 5  # classes that are shown by name


def query(
    name: Model,
    image: Annotated[Path | None, typer.Option(help="PNG or JPEG file.")] = None,
    text: Annotated[str | None, typer.Option(help="A text.")] = None,
    json: Annotated[
        str | None,
        typer.Option(help="""Inputs of a signature: '{"inputs": [[0, 1]]}', or '[[0, 1]]' if it has one."""),
    ] = None,
    signature: Annotated[
        str | None, typer.Option(help="Signature for --json.", show_default="serving_default")
    ] = None,
    version: Annotated[int | None, typer.Option(help="Version; the newest if left out.", min=0)] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the whole answer as one JSON object.")] = False,
    server: Server = SERVER,
    models: Models = MODELS,
    timeout: Timeout = 10.0,
) -> None:
    """Ask a served model."""
    from keras_session5.client import connect
    from keras_session5.client.labels import class_names

    kind, inputs = read_question(image, text, json)
    if signature is not None and kind != "json":
        raise ArgumentError(f"`--signature` is for --json. Received: {signature!r} without it")
    asked = {"image": "from_image_bytes", "text": "from_text", "json": signature or "serving_default"}[kind]
    with connect(server, timeout_s=timeout) as client, absence_explained(client, name, version):
        inputs = named_inputs(client, name, version, asked, inputs)
        answer = _ask(client, name, version, asked, inputs)
        names = [] if raw else class_names(client, name, models, version)
    if raw:
        print_json({key: value.tolist() for key, value in answer.items()})
        return
    for i in range(len(next(iter(answer.values())))):
        print_answer({key: value[i] for key, value in answer.items()}, names)


def _ask(client: Any, name: str, version: int | None, signature: str, inputs: Any) -> Any:
    try:
        return client.predict(name, inputs, signature_name=signature, version=version)
    except (InvalidArgumentError, FailedPreconditionError) as error:  # REST, gRPC
        found = sorted(client.metadata(name, version=version).signatures)
        if signature in found:
            raise
        raise InvalidArgumentError(
            f"{name} has no signature `{signature}`, only {', '.join(found)}. Use --json, with --signature "
            f"for another than serving_default."
        ) from error


def print_answer(answer: Mapping[str, Any], class_names: list[str]) -> None:
    """Prints one answer: the label and the likeliest classes first."""
    if print_classes(answer, class_names):
        answer = {key: value for key, value in answer.items() if key != "label"}
    for key in sorted(answer):
        typer.echo(f"{key}: {one_line(answer[key])}")


def print_classes(answer: Mapping[str, Any], class_names: list[str]) -> bool:
    """Prints the label and the likeliest classes, if the answer has their probabilities."""
    probabilities = answer.get("probabilities")
    if probabilities is None or probabilities.shape != (len(class_names),):
        return False
    order = probabilities.argsort()[::-1]
    typer.echo(f"label: {answer.get('label', class_names[order[0]])}")
    for i in order[:_LIKELIEST]:
        typer.echo(f"  {probabilities[i]:.4f}  {class_names[i]}")
    return True


def one_line(value: Any) -> str:
    """An output for one question; numbers with four digits."""
    numbers = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(numbers, list):
        return " ".join(f"{number:.4f}" if isinstance(number, float) else str(number) for number in numbers)
    return f"{numbers:.4f}" if isinstance(numbers, float) else str(numbers)

"""`session5 explain`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5 import catalog
from keras_session5.checks import did_you_mean
from keras_session5.cli.advice import absence_explained, is_exportable, replace_damaged, train_first
from keras_session5.cli.options import MODELS, SERVER, Model, Models, Timeout
from keras_session5.cli.output import print_json, writable_picture
from keras_session5.cli.query import print_answer
from keras_session5.cli.question import named_inputs, read_question
from keras_session5.errors import ArgumentError, Session5Error, UnavailableError

_OPTIONS = {"explain_image_bytes": "--image", "explain_text": "--text", "explain": "--json"}


def explain(
    name: Model,
    image: Annotated[Path | None, typer.Option(help="PNG or JPEG file.")] = None,
    text: Annotated[str | None, typer.Option(help="A text.")] = None,
    json: Annotated[
        str | None,
        typer.Option(help="""The network's inputs, one question: '{"inputs": [[0, 1]]}', or '[[0, 1]]'."""),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Where the picture is written: .png.", show_default="NAME-explained.png"),
    ] = None,
    version: Annotated[int | None, typer.Option(help="Version; the newest if left out.", min=0)] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print all as one JSON object; a picture only with --picture.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            help="Address: http://HOST:PORT for REST, HOST:PORT for gRPC.",
            show_default=f"{SERVER}; if none runs there, one of its own",
        ),
    ] = None,
    models: Models = MODELS,
    timeout: Timeout = 30.0,
) -> None:
    """Show what happens inside a served network when it is asked something."""
    from keras_session5.cli import explained as told
    from keras_session5.client import connect
    from keras_session5.client.labels import class_names
    from keras_session5.pictures import save

    kind, inputs = read_question(image, text, json)
    signature = {"image": "explain_image_bytes", "text": "explain_text", "json": "explain"}[kind]
    path = writable_picture(picture, ".png") if picture else Path(f"{name}-explained.png")
    with (
        _address(name, server, models, timeout) as address,
        connect(address, timeout_s=timeout) as client,
        absence_explained(client, name, version),
    ):
        version = _explaining_version(client, name, version, signature)
        inputs = named_inputs(client, name, version, signature, inputs)
        answer = client.predict(name, inputs, signature_name=signature, version=version)
        names = class_names(client, name, models, version)
    if any(len(array) != 1 for array in answer.values()):
        raise ArgumentError("`--json` must ask one question: every input with one row.")
    one = {key: value[0] for key, value in answer.items()}
    asked = {key: value[0] for key, value in inputs.items()}
    figures = [] if raw and picture is None else told.draw(one, asked, names)
    if raw:
        print_json({key: value.tolist() for key, value in answer.items()})
    elif figures:
        told.tell(one, asked, names)
    else:
        print_answer(one, names)
    if figures:
        save(figures, path)
    elif not raw or picture is not None:
        typer.echo(f"No picture: of {name} nothing can be drawn that it answers, {', '.join(one)}.", err=True)
    if figures and not raw:
        typer.echo(f"Picture: {path}")


@contextlib.contextmanager
def _address(name: str, server: str | None, models: Path, timeout: float) -> Iterator[str]:
    """The server that runs; where none was named and none runs, one for this question."""
    if server is not None or _somebody_answers(name, timeout):
        yield server or SERVER
        return
    versions = [int(path.name) for path in (models / name).glob("*") if path.name.isdecimal()]
    if not versions:
        _check_name(name, models)
        raise Session5Error(
            f"No server answers at {SERVER}, and {models / name} has no exported version to serve for this "
            f"question.{train_first(name)}"
        )
    typer.echo(f"No server answers at {SERVER}: serving {models / name} for this question.", err=True)
    from keras_session5.server.__main__ import hide_training

    hide_training()
    from keras_session5.server.server import serve

    try:
        own = serve({name: models / name})
    except UnavailableError as error:
        damaged = models / name / str(max(versions))
        raise UnavailableError(f"{error}. {replace_damaged(name, damaged)}") from error
    with own:
        yield own.rest_address


def _check_name(name: str, models: Path) -> None:
    """Refuses a name that nothing could ever be served under."""
    if name not in catalog.NETWORKS:
        known = [*catalog.NETWORKS, *(path.name for path in models.glob("*") if path.is_dir())]
        raise ArgumentError(
            f"`name` must be a network of the catalogue or a model in {models}."
            f"{did_you_mean(name, known)} Received: name={name!r}"
        )
    if not is_exportable(name):
        catalog.network(name).require_trained()


def _somebody_answers(name: str, timeout: float) -> bool:
    from keras_session5.client import connect

    with connect(SERVER, timeout_s=timeout) as client:
        try:
            client.status(name)
        except UnavailableError:
            return False
        except Session5Error:
            pass  # what is wrong, the question itself will tell
    return True


def _explaining_version(client: Any, name: str, version: int | None, signature: str) -> int:
    """The version that is asked; one that was exported before networks could be opened cannot be."""
    metadata = client.metadata(name, version=version)
    if signature in metadata.signatures:
        return metadata.version
    if "explain" not in metadata.signatures:
        why = f"which networks of the catalogue are exported with. `session5 query {name}` does without."
        if is_exportable(name):
            why = f"as it was exported before there was one. Export it again: session5 export {name}"
        raise Session5Error(
            f"Version {metadata.version} of {name} cannot be explained: it has no signature `explain`, {why}"
        )
    fitting = [option for known, option in _OPTIONS.items() if known in metadata.signatures]
    raise ArgumentError(
        f"{name} is asked with {' or '.join(fitting)}. Received: {_OPTIONS[signature]}, for which it has no "
        f"signature `{signature}`"
    )

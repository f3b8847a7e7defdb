"""`session5 explain`."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5 import catalog
from keras_session5.checks import did_you_mean
from keras_session5.cli.advice import explain_absence, is_exportable, suggest_replacement, suggest_training
from keras_session5.cli.inputs import name_inputs, read_inputs
from keras_session5.cli.options import MODELS, SERVER, Image, Model, Models, Text, Timeout, Version
from keras_session5.cli.output import prepare_picture_path, print_json
from keras_session5.cli.query import print_outputs
from keras_session5.errors import ArgumentError, Session5Error, UnavailableError

_OPTIONS = {"explain_image_bytes": "--image", "explain_text": "--text", "explain": "--json"}


def explain(
    name: Model,
    image: Image = None,
    text: Text = None,
    json: Annotated[
        str | None,
        typer.Option(help="""The network's inputs, one sample: '{"inputs": [[0, 1]]}', or '[[0, 1]]'."""),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Output file of the picture: .png.", show_default="NAME-explained.png"),
    ] = None,
    version: Version = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print one JSON object; write a picture only with --picture.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            help="Address: http://HOST:PORT for REST, HOST:PORT for gRPC.",
            show_default=f"{SERVER}; if no server runs there, a temporary one",
        ),
    ] = None,
    models: Models = MODELS,
    timeout: Timeout = 30.0,
) -> None:
    """Show the inner values of a served network for one input."""
    from keras_session5.cli import inner_values
    from keras_session5.client import connect
    from keras_session5.client.labels import class_names, version_dir
    from keras_session5.client.tokenizer import find_tokenizer
    from keras_session5.pictures import save

    kind, inputs = read_inputs(image, text, json)
    signature = {"image": "explain_image_bytes", "text": "explain_text", "json": "explain"}[kind]
    path = prepare_picture_path(picture, ".png") if picture else Path(f"{name}-explained.png")
    with (
        _find_or_start_server(name, server, models, timeout) as address,
        connect(address, timeout_s=timeout) as client,
        explain_absence(client, name, version),
    ):
        tokenizer = find_tokenizer(version_dir(client, name, models, version)) if kind == "text" else None
        if tokenizer:
            signature, inputs = "explain", tokenizer.encode(inputs["text"])
        version = _find_explainable_version(client, name, version, signature)
        inputs = name_inputs(client, name, version, signature, inputs)
        outputs = client.predict(name, inputs, signature_name=signature, version=version)
        names = class_names(client, name, models, version)
        if tokenizer:
            outputs |= _name_tokens(tokenizer, inputs["tokens"], outputs)
    if any(len(array) != 1 for array in outputs.values()):
        raise ArgumentError("`--json` must hold one sample: one row for every input.")
    sample_outputs = {key: value[0] for key, value in outputs.items()}
    sample_inputs = {key: value[0] for key, value in inputs.items()}
    figures = (
        [] if raw and picture is None else inner_values.draw_figures(sample_outputs, sample_inputs, names)
    )
    if raw:
        print_json({key: value.tolist() for key, value in outputs.items()})
    elif figures:
        inner_values.print_summary(sample_outputs, sample_inputs, names)
    else:
        print_outputs(sample_outputs, names)
    if figures:
        save(figures, path)
        if not raw:
            typer.echo(f"Picture: {path}")
    elif not raw or picture is not None:
        typer.echo(
            f"No picture: {name} has no outputs that can be drawn, only {', '.join(sample_outputs)}.",
            err=True,
        )


def _name_tokens(tokenizer: Any, tokens: Any, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the texts of one row of tokens, and of the likeliest token after each if there are logits."""
    import numpy as np

    found = {"characters": np.array([tokenizer.pieces(tokens[0])], object)}
    if "logits" in outputs:
        found["next_characters"] = np.array([tokenizer.pieces(outputs["logits"][0].argmax(axis=-1))], object)
    return found


@contextlib.contextmanager
def _find_or_start_server(name: str, server: str | None, models: Path, timeout: float) -> Iterator[str]:
    """Yields the address of the running server; if none is named and none runs, of a temporary one."""
    if server is not None or _is_server_running(name, timeout):
        yield server or SERVER
        return
    versions = [int(path.name) for path in (models / name).glob("*") if path.name.isdecimal()]
    if not versions:
        _check_name(name, models)
        raise Session5Error(
            f"No server answers at {SERVER}, and {models / name} has no exported version to serve."
            f"{suggest_training(name)}"
        )
    typer.echo(f"No server answers at {SERVER}: serving {models / name} temporarily.", err=True)
    from keras_session5.server.__main__ import hide_training

    hide_training()
    from keras_session5.server.server import serve

    try:
        own = serve({name: models / name})
    except UnavailableError as error:
        damaged = models / name / str(max(versions))
        raise UnavailableError(f"{error}. {suggest_replacement(name, damaged)}") from error
    with own:
        yield own.rest_address


def _check_name(name: str, models: Path) -> None:
    """Refuses a name that neither the catalogue nor the models' folder has."""
    if name not in catalog.NETWORKS:
        known = [*catalog.NETWORKS, *(path.name for path in models.glob("*") if path.is_dir())]
        raise ArgumentError(
            f"`name` must be a network of the catalogue or a model in {models}."
            f"{did_you_mean(name, known)} Received: name={name!r}"
        )
    if not is_exportable(name):
        catalog.network(name).require_trained()


def _is_server_running(name: str, timeout: float) -> bool:
    from keras_session5.client import connect

    with connect(SERVER, timeout_s=timeout) as client:
        try:
            client.status(name)
        except UnavailableError:
            return False
        except Session5Error:
            pass  # the request itself will fail with the details
    return True


def _find_explainable_version(client: Any, name: str, version: int | None, signature: str) -> int:
    """Returns the version to query; refuses one that lacks the signature."""
    metadata = client.metadata(name, version=version)
    if signature in metadata.signatures:
        return metadata.version
    if "explain" not in metadata.signatures:
        remedy = f"`session5 query {name}` needs none; an export with `--signature explain` adds it."
        if is_exportable(name):
            remedy = f"Export it again: session5 export {name}"
        raise Session5Error(f"Version {metadata.version} of {name} has no signature `explain`. {remedy}")
    fitting = [option for known, option in _OPTIONS.items() if known in metadata.signatures]
    raise ArgumentError(
        f"{name} accepts {' or '.join(fitting)}. Received: {_OPTIONS[signature]}, which needs the signature "
        f"`{signature}`"
    )

"""`session5 query`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from keras_session5.cli.advice import explain_absence
from keras_session5.cli.inputs import name_inputs, read_inputs
from keras_session5.cli.options import MODELS, SERVER, Image, Model, Models, Server, Text, Timeout, Version
from keras_session5.cli.output import print_json
from keras_session5.errors import ArgumentError, FailedPreconditionError, InvalidArgumentError

_TOP_K = 5  # classes to print
_SAMPLING = {"max_new_tokens": 20, "temperature": 0.0, "seed": 0}


def query(
    name: Model,
    image: Image = None,
    text: Text = None,
    json: Annotated[
        str | None,
        typer.Option(help="""Inputs of a signature: '{"inputs": [[0, 1]]}', or '[[0, 1]]' if it has one."""),
    ] = None,
    signature: Annotated[
        str | None, typer.Option(help="Signature for --json.", show_default="serving_default")
    ] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(help="Of a continuation, for published weights.", show_default="20", min=1),
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Of the sampling, for published weights; 0 is greedy.", show_default="0", min=0),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of the sampling, for published weights.", show_default="0", min=0, max=2**31 - 1),
    ] = None,
    version: Version = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print all outputs as one JSON object.")] = False,
    server: Server = SERVER,
    models: Models = MODELS,
    timeout: Timeout = 10.0,
) -> None:
    """Query a served model."""
    from keras_session5.client import connect
    from keras_session5.client.labels import class_names, version_dir
    from keras_session5.client.tokenizer import find_tokenizer

    kind, inputs = read_inputs(image, text, json)
    if signature is not None and kind != "json":
        raise ArgumentError(f"`--signature` is for --json. Received: {signature!r} without it")
    default = {"image": "from_image_bytes", "text": "from_text", "json": "serving_default"}[kind]
    signature = signature or default
    sampling = {"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed}
    with connect(server, timeout_s=timeout) as client, explain_absence(client, name, version):
        tokenizer = find_tokenizer(version_dir(client, name, models, version)) if kind == "text" else None
        if tokenizer:
            signatures = client.metadata(name, version=version).signatures
            signature = "generate" if "generate" in signatures else "serving_default"
            inputs = tokenizer.encode(inputs["text"])
            if signature == "generate":
                inputs |= {
                    key: [_SAMPLING[key] if value is None else value] for key, value in sampling.items()
                }
                sampling = {}
        for key, value in sampling.items():
            if value is not None:
                raise ArgumentError(
                    f"`--{key.replace('_', '-')}` is for the --text of a model that generates tokens. "
                    f"Received: {value} for {name}"
                )
        inputs = name_inputs(client, name, version, signature, inputs)
        outputs = _predict(client, name, version, signature, inputs)
        names = [] if raw else class_names(client, name, models, version)
    if raw:
        print_json({key: value.tolist() for key, value in outputs.items()})
        return
    if tokenizer and signature == "generate":
        typer.echo(f"text: {tokenizer.decode(outputs['tokens'])[0]}")
        return
    if tokenizer:  # a vector for each token is too much to read
        matrices = [key for key, value in outputs.items() if value.ndim > 2]
        for key in matrices:
            typer.echo(f"{key}: {' x '.join(map(str, outputs.pop(key).shape[1:]))} numbers; --raw shows them")
    for i in range(len(next(iter(outputs.values())))):
        print_outputs({key: value[i] for key, value in outputs.items()}, names)


def _predict(client: Any, name: str, version: int | None, signature: str, inputs: Any) -> Any:
    try:
        return client.predict(name, inputs, signature_name=signature, version=version)
    except (InvalidArgumentError, FailedPreconditionError) as error:  # REST, gRPC
        found = sorted(client.metadata(name, version=version).signatures)
        if signature in found:
            raise
        raise InvalidArgumentError(
            f"{name} has no signature `{signature}`, only {', '.join(found)}. Use --json, and --signature "
            f"unless you query serving_default."
        ) from error


def print_outputs(outputs: Mapping[str, Any], class_names: list[str]) -> None:
    """Prints the outputs of one sample, with the label and the most probable classes first."""
    if print_classes(outputs, class_names):
        outputs = {key: value for key, value in outputs.items() if key != "label"}
    for key in sorted(outputs):
        typer.echo(f"{key}: {format_output(outputs[key])}")


def print_classes(outputs: Mapping[str, Any], class_names: list[str]) -> str:
    """Prints the label and the classes with the highest scores.

    Returns:
        Name of the output with a score for each class, such as `probabilities`; empty if there is none, or
        several.
    """
    fitting = [key for key, value in outputs.items() if getattr(value, "shape", ()) == (len(class_names),)]
    own = [key for key in fitting if not key.endswith(("_sum", "_activation"))]
    name = "probabilities" if "probabilities" in own else own[0] if len(own) == 1 else ""
    if not name or not class_names:
        return ""
    scores = outputs[name]
    order = scores.argsort()[::-1]
    typer.echo(f"label: {outputs.get('label', class_names[order[0]])}")
    for i in order[:_TOP_K]:
        typer.echo(f"  {scores[i]:.4f}  {class_names[i]}")
    return name


def format_output(value: Any) -> str:
    """Returns one sample's output as a line, floats with four decimals."""
    numbers = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(numbers, list):
        return " ".join(f"{number:.4f}" if isinstance(number, float) else str(number) for number in numbers)
    return f"{numbers:.4f}" if isinstance(numbers, float) else str(numbers)

"""`session5 import`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from keras_session5.cli.options import MODELS, Json
from keras_session5.cli.output import print_json, progress
from keras_session5.errors import ArgumentError


def import_weights(
    network: Annotated[
        str,
        typer.Argument(metavar="NAME", help="gpt2_small, bert_base, vit_b16 or vit_ti16, of any size."),
    ],
    folder: Annotated[
        Path,
        typer.Argument(
            help="Published weights: model.safetensors, config.json and, for texts, tokenizer.json."
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the model on the server.", show_default="NAME")
    ] = None,
    dtype: Annotated[str, typer.Option(metavar="float32|bfloat16", help="Of weights and computation.")] = (
        "float32"
    ),
    models: Annotated[
        Path, typer.Option("--models", "--out", help="Directory of the exported models.")
    ] = MODELS,
    download: Annotated[
        bool, typer.Option("--download", help="First download the files into FOLDER, from Hugging Face.")
    ] = False,
    repository: Annotated[
        str | None,
        typer.Option(
            metavar="OWNER/NAME", help="What --download fetches.", show_default="the usual one of NAME"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Export published weights as the next version of a served model."""
    if repository and not download:
        raise ArgumentError(f"`--repository` is for --download. Received: {repository!r} without it")
    from keras_session5.exporting import export
    from keras_session5.pretrained import download as fetch, load_weights

    with progress():
        if download:
            fetch(network, folder, repository)
        result = load_weights(network, folder, dtype=dtype)
        path = export(result, models, name=name)
    served, record = path.parent.name, result.record
    if json:
        print_json(
            {
                "name": served,
                "version": int(path.name),
                "path": str(path),
                "network": network,
                "parameters": record["parameters"],
                "arguments": record["arguments"],
                "dtype": dtype,
                "left_out": record["left_out"],
                "tokenizer": result.tokenizer_file is not None,
            }
        )
        return
    typer.echo(f"{served} version {path.name}: {path}")
    typer.echo(f"  {record['parameters']:,} parameters, {dtype}")
    if record["left_out"]:
        typer.echo(f"  left out: {len(record['left_out'])} tensors that the network does not have")
    where = "" if models == MODELS else f" --models {shlex.quote(str(models))}"
    typer.echo(f"Next: session5 serve{where}")
    if result.tokenizer_file:
        typer.echo(f'then: session5 query {shlex.quote(served)} --text "Hello, my name is"{where}')
    elif result.family.inputs:
        typer.echo("There is no tokenizer.json in the folder: `session5 query` takes token ids with --json.")
    else:
        typer.echo(f"then: session5 query {shlex.quote(served)} --image FILE{where}")

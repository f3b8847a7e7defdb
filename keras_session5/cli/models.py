"""`session5 models`."""

from typing import Annotated

import typer

from keras_session5.cli.options import SERVER, Json, Server, Timeout
from keras_session5.cli.output import print_json, print_table


def register(app: typer.Typer) -> None:
    app.command("models", epilog="Example: session5 models --server 127.0.0.1:8500")(models)


def models(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models to ask for.", show_default="the catalogue's")
    ] = None,
    server: Server = SERVER,
    timeout: Timeout = 10.0,
    json: Json = False,
) -> None:
    """Show which models and versions a running server serves."""
    from keras_session5.catalog import NETWORKS
    from keras_session5.client import connect
    from keras_session5.errors import NotFoundError

    found = []
    with connect(server, timeout_s=timeout) as client:
        for name in names or NETWORKS:
            try:
                found += [(name, status) for status in client.status(name)]
            except NotFoundError:
                if names:  # asked for by name
                    raise
    if json:
        print_json(
            {
                "models": [
                    {"name": name, "version": s.version, "state": s.state, "error": s.error}
                    for name, s in found
                ]
            }
        )
        return
    print_table(
        f"Models at {server}",
        ["name", "version", "state", "error"],
        [(name, s.version, s.state, s.error) for name, s in found],
    )

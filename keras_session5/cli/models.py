"""`session5 models`."""

import contextlib
from typing import TYPE_CHECKING, Annotated

import typer

from keras_session5.cli.options import SERVER, Json, Server, Timeout
from keras_session5.cli.output import print_json, print_table

if TYPE_CHECKING:
    from keras_session5.client import Client, VersionStatus


def models(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names of models.", show_default="all models of the server's configuration"),
    ] = None,
    server: Server = SERVER,
    timeout: Timeout = 10.0,
    json: Json = False,
) -> None:
    """Show the models and versions of a running server."""
    from keras_session5.client import connect

    with connect(server, timeout_s=timeout) as client:
        found = {name: client.status(name) for name in names} if names else _find_models(client)
    fields = ("name", "version", "state", "error")
    rows = [(name, one.version, one.state, one.error) for name, versions in found.items() for one in versions]
    rows += [(name, None, "MISSING", "") for name, versions in found.items() if not versions]
    if json:
        print_json({"models": [dict(zip(fields, row, strict=True)) for row in rows]})
        return
    print_table(f"Models at {server}", fields, rows)


def _find_models(client: "Client") -> "dict[str, list[VersionStatus]]":
    """Returns the models that the server lists; if it cannot list them, those with names of the catalogue."""
    from keras_session5.catalog import NETWORKS
    from keras_session5.errors import NotFoundError, UnimplementedError

    try:
        return client.models()
    except UnimplementedError as error:
        typer.echo(f"{error} Trying the catalogue's names.", err=True)
    found = {}
    for name in NETWORKS:
        with contextlib.suppress(NotFoundError):
            found[name] = client.status(name)
    return found

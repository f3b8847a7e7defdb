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
        typer.Argument(help="Models to look for.", show_default="all that the server is configured with"),
    ] = None,
    server: Server = SERVER,
    timeout: Timeout = 10.0,
    json: Json = False,
) -> None:
    """Show which models and versions a running server serves."""
    from keras_session5.client import connect

    with connect(server, timeout_s=timeout) as client:
        found = {name: client.status(name) for name in names} if names else _all(client)
    fields = ("name", "version", "state", "error")
    rows = [(name, one.version, one.state, one.error) for name, versions in found.items() for one in versions]
    rows += [(name, None, "MISSING", "") for name, versions in found.items() if not versions]
    if json:
        print_json({"models": [dict(zip(fields, row, strict=True)) for row in rows]})
        return
    print_table(f"Models at {server}", fields, rows)


def _all(client: "Client") -> "dict[str, list[VersionStatus]]":
    """What the server lists; where it cannot, as far as its models have names of the catalogue."""
    from keras_session5.catalog import NETWORKS
    from keras_session5.errors import NotFoundError, UnimplementedError

    try:
        return client.models()
    except UnimplementedError as error:
        typer.echo(f"{error} Looking for the names of the catalogue.", err=True)
    found = {}
    for name in NETWORKS:
        with contextlib.suppress(NotFoundError):
            found[name] = client.status(name)
    return found

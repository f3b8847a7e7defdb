"""Why a served model cannot be asked, and the way out: for networks of the catalogue and for other models."""

import contextlib
from collections.abc import Iterator
from typing import Any

from keras_session5.catalog import NETWORKS
from keras_session5.errors import NotFoundError

_ABSENT = "Servable not found"  # how a model server says that it has no such version


@contextlib.contextmanager
def absence_explained(client: Any, name: str, version: int | None) -> Iterator[None]:
    """Adds to the server's refusal of a version that it does not have why that is, and what to do."""
    try:
        yield
    except NotFoundError as error:
        if not str(error).startswith(_ABSENT):  # nor is it a model server
            raise
        raise NotFoundError(f"{error}. {_why(client, name, version)}") from error


def _why(client: Any, name: str, version: int | None) -> str:
    try:
        versions = client.status(name)
    except NotFoundError:
        return f"`session5 models` shows what is served.{train_first(name)}"
    if up := [str(one.version) for one in versions if one.state == "AVAILABLE"]:
        return f"Available of {name}: version {', '.join(up)}."
    meant = next((one for one in versions if version in (None, one.version)), versions[0])
    if not meant.error:
        return f"Version {meant.version} of {name} is in state {meant.state}: try again later."
    return (
        f"Version {meant.version} of {name} could not be loaded: {meant.error}. "
        f"{replace_damaged(name, f'the folder of version {meant.version}')}"
    )


def replace_damaged(name: str, folder: object) -> str:
    """The way out where a version cannot be loaded."""
    if is_exportable(name):
        return f"Remove {folder}; `session5 export {name}` writes a new version from the newest run."
    return f"Remove {folder}, or put a whole SavedModel in its place."


def train_first(name: str) -> str:
    """The way out where there is no version, after a space; empty for a model that is not the catalogue's."""
    return f" `session5 run {name}` trains and exports it." if is_exportable(name) else ""


def is_exportable(name: str) -> bool:
    """Whether the catalogue has a network of that name that can be exported."""
    return name in NETWORKS and NETWORKS[name].data is not None

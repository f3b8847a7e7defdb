"""Explains why a model is unavailable, and suggests a remedy."""

import contextlib
from collections.abc import Iterator
from typing import Any

from keras_session5.catalog import NETWORKS
from keras_session5.errors import NotFoundError

_ABSENT = "Servable not found"  # the start of a model server's error text


@contextlib.contextmanager
def explain_absence(client: Any, name: str, version: int | None) -> Iterator[None]:
    """Adds the cause and a remedy to a server's error about a version that it does not have."""
    try:
        yield
    except NotFoundError as error:
        if not str(error).startswith(_ABSENT):  # not from a model server
            raise
        raise NotFoundError(f"{error}. {_explain_state(client, name, version)}") from error


def _explain_state(client: Any, name: str, version: int | None) -> str:
    try:
        versions = client.status(name)
    except NotFoundError:
        return f"`session5 models` shows what is served.{suggest_training(name)}"
    if up := [str(one.version) for one in versions if one.state == "AVAILABLE"]:
        return f"Available of {name}: version {', '.join(up)}."
    meant = next((one for one in versions if version in (None, one.version)), versions[0])
    if not meant.error:
        return f"Version {meant.version} of {name} is in state {meant.state}: try again later."
    return (
        f"Version {meant.version} of {name} could not be loaded: {meant.error}. "
        f"{suggest_replacement(name, f'the folder of version {meant.version}')}"
    )


def suggest_replacement(name: str, folder: object) -> str:
    """Returns a remedy for a version that cannot be loaded."""
    if is_exportable(name):
        return f"Remove {folder}; `session5 export {name}` writes a new version from the newest run."
    return f"Remove {folder}, or replace it with a complete SavedModel."


def suggest_training(name: str) -> str:
    """Returns a remedy for a model without versions, after a space; empty outside the catalogue."""
    return f" `session5 run {name}` trains and exports it." if is_exportable(name) else ""


def is_exportable(name: str) -> bool:
    """Returns whether the catalogue has an exportable network of this name."""
    return name in NETWORKS and NETWORKS[name].data is not None

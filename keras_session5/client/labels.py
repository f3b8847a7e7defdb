"""The files of a served version, which are stored beside the model and not sent by the server."""

from pathlib import Path
from typing import Any


def class_names(client: Any, name: str, models: Path, version: int | None = None) -> list[str]:
    """Returns the class names of a version in `models`; an empty list if the folder does not have it.

    The arguments are those of `version_dir`.
    """
    labels = version_dir(client, name, models, version) / "assets.extra" / "labels.txt"
    return labels.read_text("utf-8").splitlines() if labels.is_file() else []


def version_dir(client: Any, name: str, models: Path, version: int | None = None) -> Path:
    """Returns the folder of a version in `models`, which may be missing there.

    Args:
        client: client of the model server, which knows the newest available version.
        name: the model's name.
        models: folder of the exported models.
        version: the version's number; None for the newest available one.
    """
    if version is None:
        version = next((one.version for one in client.status(name) if one.state == "AVAILABLE"), 0)
    return models / name / str(version)

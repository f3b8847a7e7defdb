"""The names of a served model's classes, which travel beside it and not over the wire."""

from pathlib import Path
from typing import Any


def class_names(client: Any, name: str, models: Path, version: int | None = None) -> list[str]:
    """Returns the classes of a version that was exported on this machine; none where it was not.

    Args:
        client: of the model server, which tells the newest available version.
        name: of the model.
        models: folder of the exported models.
        version: its number; the newest available one if None.
    """
    if version is None:
        version = next((one.version for one in client.status(name) if one.state == "AVAILABLE"), 0)
    labels = models / name / str(version) / "assets.extra" / "labels.txt"
    return labels.read_text("utf-8").splitlines() if labels.is_file() else []

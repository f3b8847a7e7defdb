"""Files for TensorBoard's projector: points, what is said of them, and their pictures."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tensorboard.plugins.projector import metadata
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

_AXES = 3  # the least that the projector draws in
_POINTS, _COLUMNS, _SPRITE = "projector_points.tsv", "projector_columns.tsv", "projector_sprite.png"


def write_projector(
    folder: Path,
    name: str,
    points: np.ndarray,
    columns: Mapping[str, Sequence[str]],
    images: np.ndarray | None,
) -> None:
    """Writes the points and what belongs to them.

    Args:
        folder: a run, as TensorBoard names it.
        name: of the points, such as "penultimate layer".
        points: (N, D).
        columns: of N texts each, by their titles; two or more.
        images: (N, H, W, 1) uint8, one for each point; None where they have none.

    Raises:
        OSError: if they cannot be written.
    """
    points = np.pad(points, [(0, 0), (0, max(0, _AXES - points.shape[1]))])
    with (folder / _POINTS).open("w") as file:
        file.writelines("\t".join(map("{:.6g}".format, row)) + "\n" for row in points.tolist())
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    table = "".join("\t".join(_cell(cell) for cell in line) + "\n" for line in lines)
    (folder / _COLUMNS).write_text(table, "utf-8")
    config = ProjectorConfig()
    shown = config.embeddings.add(tensor_name=name, tensor_path=_POINTS, metadata_path=_COLUMNS)
    shown.tensor_shape.extend(points.shape)
    if images is not None:
        (folder / _SPRITE).write_bytes(sprite(images))
        shown.sprite.image_path = _SPRITE
        shown.sprite.single_image_dim.extend([images.shape[2], images.shape[1]])
    (folder / metadata.PROJECTOR_FILENAME).write_text(str(config), "utf-8")


def sprite(images: np.ndarray) -> bytes:
    """All images (N, H, W, 1) in one PNG, as many in a row as there are rows; dark ink on light ground."""
    from PIL import Image

    count, height, width = images.shape[:3]
    side = math.ceil(math.sqrt(count))
    whole = np.zeros((side * side, height, width), "uint8")
    whole[:count] = images[..., 0]
    whole = whole.reshape(side, side, height, width).swapaxes(1, 2).reshape(side * height, side * width)
    png = io.BytesIO()
    Image.fromarray(255 - whole).save(png, "png")
    return png.getvalue()


def _cell(text: str) -> str:
    return " ".join(str(text).split()) or "-"

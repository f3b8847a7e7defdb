"""Files for TensorBoard's projector: points, their metadata and their images."""

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tensorboard.plugins.projector import metadata
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

_MIN_AXES = 3  # of the projector
_POINTS, _COLUMNS, _SPRITE = "projector_points.tsv", "projector_columns.tsv", "projector_sprite.png"


def write_projector(
    folder: Path,
    name: str,
    points: np.ndarray,
    columns: Mapping[str, Sequence[str]],
    images: np.ndarray | None,
) -> None:
    """Writes points with their metadata and images.

    Args:
        folder: of a run.
        name: of the points, such as "penultimate layer".
        points: (N, D).
        columns: two or more columns of N texts, by title.
        images: (N, H, W, 1) uint8, one for each point; None for points without images.

    Raises:
        OSError: if the files cannot be written.
    """
    points = np.pad(points, [(0, 0), (0, max(0, _MIN_AXES - points.shape[1]))])
    with (folder / _POINTS).open("w") as file:
        file.writelines("\t".join(map("{:.6g}".format, row)) + "\n" for row in points.tolist())
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    table = "".join("\t".join(" ".join(str(cell).split()) or "-" for cell in line) + "\n" for line in lines)
    (folder / _COLUMNS).write_text(table, "utf-8")
    config = ProjectorConfig()
    embedding = config.embeddings.add(tensor_name=name, tensor_path=_POINTS, metadata_path=_COLUMNS)
    embedding.tensor_shape.extend(points.shape)
    if images is not None:
        (folder / _SPRITE).write_bytes(sprite(images))
        embedding.sprite.image_path = _SPRITE
        embedding.sprite.single_image_dim.extend([images.shape[2], images.shape[1]])
    (folder / metadata.PROJECTOR_FILENAME).write_text(str(config), "utf-8")


def sprite(images: np.ndarray) -> bytes:
    """Returns a square PNG of all images (N, H, W, 1), in dark ink on a light background."""
    from PIL import Image
    from skimage.util import montage

    side = math.ceil(math.sqrt(len(images)))
    whole = montage(images[..., 0], 0, grid_shape=(side, side))
    png = io.BytesIO()
    Image.fromarray(255 - whole).save(png, "png")
    return png.getvalue()

"""What is drawn in a field of the page: examples, and the drawing as a file."""

import base64
import binascii
import io

import numpy as np
from PIL import Image, UnidentifiedImageError

from keras_session5.errors import ArgumentError

_SIDE = 280  # pixels of the field
_MAX_BYTES = 1 << 20  # of a drawing; a typical one has ten thousand
_PREFIX = "data:image/png;base64,"

# Each drawing is a list of strokes.
DIGITS = (
    [[(90, 95), (105, 65), (140, 52), (175, 65), (185, 100), (165, 140), (125, 180), (88, 222), (195, 222)]],
    [[(85, 60), (195, 60), (130, 225)]],
    [
        [(95, 75), (140, 52), (180, 75), (175, 115), (135, 135)],
        [(135, 135), (185, 160), (180, 205), (135, 228), (90, 205)],
    ],
    [[(130, 50), (85, 155), (200, 155)], [(165, 100), (160, 230)]],
    [[(140, 50), (100, 80), (88, 140), (100, 200), (140, 228), (180, 200), (192, 140), (180, 80), (140, 50)]],
)
SQUARES = ([[(70, 90)]], [[(210, 140)]], [[(50, 220), (70, 220)]], [[(230, 60), (230, 80)]])
ROUND = (26, "round")
SQUARE = (84, "square")  # six of twenty pixels


def read_drawing(url: str | None) -> bytes:
    """Returns the drawing of the field as a PNG file.

    Raises:
        ArgumentError: if the URL does not contain a PNG of reasonable size.
    """
    invalid = ArgumentError("The drawing must be a PNG image. Clear the field and draw again.")
    if not url or not url.startswith(_PREFIX) or len(url) > _MAX_BYTES:
        raise invalid
    try:
        file = base64.b64decode(url.removeprefix(_PREFIX))
        with Image.open(io.BytesIO(file), formats=["PNG"]) as image:
            if max(image.size) > 4 * _SIDE:
                raise invalid
            image.load()
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise invalid from None
    return file


def encode_png(image: np.ndarray) -> bytes:
    """Encodes a greyscale image, (height, width, 1) uint8, as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(file, "PNG")
    return file.getvalue()

"""From any picture of one digit to an image that is framed like the training images.

The ink may have any colour, on a light, dark or transparent background, and the digit any size and position.
The result is white ink on black, cut out, scaled and placed. All operations are TensorFlow's standard ones,
for one file at a time.
"""

import tensorflow as tf

from keras_session5.data import Framing
from keras_session5.exporting.refusal import require

_FAINTEST = 16.0  # of 255: a weaker contrast with the background is noise
# Fractions of the strongest ink: pixels below the first are background, with its noise and shadows, pixels
# above the second are ink. The range between them sharpens the edges of a blurred or enlarged digit.
_GROUND, _INK = 0.1, 0.9
_EDGE = 0.25  # of the way between them: the edge of the digit
# An image of the network's own size counts as framed if its ink is as strong, nearly as large and as close to
# the centre as the ink of all 1,797 images of `digits`.
_STRONG, _LARGE, _NEAR = 200.0, 0.7, 5.0


def extract_ink(file: tf.Tensor) -> tf.Tensor:
    """A PNG or JPEG file -> the contrast of each pixel with the background: (height, width), 0..255.

    The background is the median of the border's pixels. For white on black, ink is the image itself; for
    black on white, its negative.
    """
    image = tf.cast(_decode_file(file), tf.float32)
    colour, opacity = image[:, :, :3], image[:, :, 3:] / 255
    # A constant opacity means none: for files of one bit a pixel, the decoder returns 1 of 255.
    opacity = tf.where(tf.reduce_min(opacity) == tf.reduce_max(opacity), 1.0, opacity)
    # Transparent pixels show the paper below, which must contrast with the visible pixels.
    visible = tf.math.divide_no_nan(tf.reduce_sum(colour * opacity), 3 * tf.reduce_sum(opacity))
    paper = tf.where(visible < 128, 255.0, 0.0)
    colour = colour * opacity + paper * (1 - opacity)
    border = tf.concat([colour[0], colour[-1], colour[:, 0], colour[:, -1]], axis=0)
    background = tf.sort(border, axis=0)[tf.shape(border)[0] // 2]
    return tf.reduce_max(
        tf.abs(colour - background), axis=-1
    )  # red contrasts with a green of the same lightness


def frame_digit(ink: tf.Tensor, side: int, framing: Framing) -> tf.Tensor:
    """Ink (height, width) of one digit, 0..255 -> an image (side, side, 1), framed like the training images.

    An image that is already framed stays unchanged.
    """
    strongest = tf.reduce_max(ink)
    sentence = (
        "An image must show a digit. This one is empty: nothing contrasts with its background."
        " Received height and width:"
    )
    ink = require(strongest > _FAINTEST, sentence, tf.shape(ink), ink)
    digit = tf.clip_by_value((ink / strongest - _GROUND) / (_INK - _GROUND), 0, 1)
    top, bottom = _find_ends(tf.reduce_any(digit > _EDGE, axis=1))
    left, right = _find_ends(tf.reduce_any(digit > _EDGE, axis=0))
    size = tf.maximum(bottom - top, right - left)

    off = tf.abs(tf.stack([top + bottom, left + right]) - side) / 2
    is_framed = tf.reduce_all(tf.shape(ink) == side) & tf.reduce_all(off <= _NEAR) & (strongest >= _STRONG)
    is_framed &= (size <= framing.box) & (tf.cast(size, tf.float32) >= _LARGE * framing.box)

    def place() -> tf.Tensor:
        cut = tf.expand_dims(digit[top:bottom, left:right], -1)
        return _place_digit(tf.image.resize_with_crop_or_pad(cut, size, size), side, framing)

    return tf.ensure_shape(tf.cond(is_framed, lambda: tf.expand_dims(ink, -1), place), (side, side, 1))


def _place_digit(square: tf.Tensor, side: int, framing: Framing) -> tf.Tensor:
    """A digit that fills a square of any size (n, n, 1), 0..1 -> the framed image, 0..255."""
    cells = tf.image.resize(square, (framing.cells, framing.cells), method="area")
    digit = tf.image.resize(cells / tf.reduce_max(cells), (framing.box, framing.box))
    margin = side - framing.box
    above = before = tf.constant(margin // 2)
    if framing.by_mass:
        above, before = (
            tf.clip_by_value(side // 2 - _find_centre(digit, axis), 0, margin) for axis in (1, 0)
        )
    return tf.round(255 * tf.image.pad_to_bounding_box(digit, above, before, side, side))


def _find_centre(digit: tf.Tensor, axis: int) -> tf.Tensor:
    """Returns the row (axis 1) or the column (axis 0) closest to the centre of mass."""
    mass = tf.reduce_sum(digit, axis=[axis, 2])
    positions = tf.range(tf.cast(tf.size(mass), tf.float32))
    return tf.cast(tf.round(tf.reduce_sum(mass * positions) / tf.reduce_sum(mass)), tf.int32)


def _find_ends(on: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns the first index that is on, and the index after the last one."""
    indices = tf.cast(tf.where(on)[:, 0], tf.int32)
    return indices[0], indices[-1] + 1


def _decode_file(file: tf.Tensor) -> tf.Tensor:
    """Decodes (height, width, 4) uint8: red, green, blue and opacity, which is full in a JPEG file."""

    def decode_jpeg() -> tf.Tensor:
        colour = tf.io.decode_jpeg(file, channels=3)
        return tf.pad(colour, [[0, 0], [0, 0], [0, 1]], constant_values=tf.uint8.max)

    image = tf.cond(tf.io.is_jpeg(file), decode_jpeg, lambda: tf.io.decode_png(file, channels=4))
    return tf.ensure_shape(image, (None, None, 4))

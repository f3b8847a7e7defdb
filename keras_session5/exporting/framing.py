"""From a picture of one digit, as people have them, to an image that is framed as the training images are.

A picture differs from them in all but the digit: ink of any colour on any ground, which may be light, dark or
transparent, and the digit of any size at any place. What is left here is white ink on black, cut out, scaled
and set in its place. Made of TensorFlow's standard operations, for one file at a time.
"""

import tensorflow as tf

from keras_session5.data import Framing
from keras_session5.exporting.refusal import require

_FAINTEST = 16.0  # of 255: what stands out from the ground by no more is noise
# Parts of the strongest ink: what is below is ground, with its noise and shade, and what is above is ink. A
# digit that was enlarged and blurred gets back its edges between them.
_GROUND, _INK = 0.1, 0.9
_EDGE = 0.25  # of the way between them: the digit begins there
# An image of the network's own size is one of the training images, or drawn like one, if its ink is as
# strong, nearly as large and as near the middle as that of all 1,797 digits of `digits` is.
_STRONG, _LARGE, _NEAR = 200.0, 0.7, 5.0


def ink_of(file: tf.Tensor) -> tf.Tensor:
    """A PNG or JPEG file -> how far each pixel stands out from the ground: (height, width), 0..255.

    The ground is the median of the pixels at the border. Of white on black ink is the pixels themselves, of
    black on white their negative.
    """
    image = tf.cast(_decoded(file), tf.float32)
    colour, opacity = image[:, :, :3], image[:, :, 3:] / 255
    # If it is the same everywhere there is none: of a file of one bit a pixel the decoder makes it 1 of 255.
    opacity = tf.where(tf.reduce_min(opacity) == tf.reduce_max(opacity), 1.0, opacity)
    # What is transparent shows the paper below it, and that must differ from what is visible.
    visible = tf.math.divide_no_nan(tf.reduce_sum(colour * opacity), 3 * tf.reduce_sum(opacity))
    paper = tf.where(visible < 128, 255.0, 0.0)
    colour = colour * opacity + paper * (1 - opacity)
    border = tf.concat([colour[0], colour[-1], colour[:, 0], colour[:, -1]], axis=0)
    ground = tf.sort(border, axis=0)[tf.shape(border)[0] // 2]
    return tf.reduce_max(tf.abs(colour - ground), axis=-1)  # red stands out from a green that is as light


def framed(ink: tf.Tensor, side: int, framing: Framing) -> tf.Tensor:
    """Ink (height, width) of one digit, 0..255 -> an image (side, side, 1), framed as the training images.

    An image that is framed so already stays as it is.
    """
    strongest = tf.reduce_max(ink)
    sentence = (
        "An image must show a digit, and this one is empty: nothing stands out from its ground."
        " Received height and width:"
    )
    ink = require(strongest > _FAINTEST, sentence, tf.shape(ink), ink)
    digit = tf.clip_by_value((ink / strongest - _GROUND) / (_INK - _GROUND), 0, 1)
    top, bottom = _ends(tf.reduce_any(digit > _EDGE, axis=1))
    left, right = _ends(tf.reduce_any(digit > _EDGE, axis=0))
    size = tf.maximum(bottom - top, right - left)

    off = tf.abs(tf.stack([top + bottom, left + right]) - side) / 2
    is_framed = tf.reduce_all(tf.shape(ink) == side) & tf.reduce_all(off <= _NEAR) & (strongest >= _STRONG)
    is_framed &= (size <= framing.box) & (tf.cast(size, tf.float32) >= _LARGE * framing.box)

    def place() -> tf.Tensor:
        cut = tf.expand_dims(digit[top:bottom, left:right], -1)
        return _placed(tf.image.resize_with_crop_or_pad(cut, size, size), side, framing)

    return tf.ensure_shape(tf.cond(is_framed, lambda: tf.expand_dims(ink, -1), place), (side, side, 1))


def _placed(square: tf.Tensor, side: int, framing: Framing) -> tf.Tensor:
    """A digit that fills a square of any size (n, n, 1), 0..1 -> in its box, in its place: 0..255."""
    counted = tf.image.resize(square, (framing.cells, framing.cells), method="area")
    digit = tf.image.resize(counted / tf.reduce_max(counted), (framing.box, framing.box))
    room = side - framing.box
    above = before = tf.constant(room // 2)
    if framing.by_mass:
        above, before = (tf.clip_by_value(side // 2 - _centre(digit, axis), 0, room) for axis in (1, 0))
    return tf.round(255 * tf.image.pad_to_bounding_box(digit, above, before, side, side))


def _centre(digit: tf.Tensor, axis: int) -> tf.Tensor:
    """The row (of sums over axis 1) or column (over axis 0) that the centre of mass is nearest to."""
    mass = tf.reduce_sum(digit, axis=[axis, 2])
    places = tf.range(tf.cast(tf.size(mass), tf.float32))
    return tf.cast(tf.round(tf.reduce_sum(mass * places) / tf.reduce_sum(mass)), tf.int32)


def _ends(on: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The first place that is on, and the one after the last."""
    places = tf.cast(tf.where(on)[:, 0], tf.int32)
    return places[0], places[-1] + 1


def _decoded(file: tf.Tensor) -> tf.Tensor:
    """(height, width, 4) uint8: red, green, blue and opacity, which a JPEG file does not have."""

    def opaque() -> tf.Tensor:
        colour = tf.io.decode_jpeg(file, channels=3)
        return tf.pad(colour, [[0, 0], [0, 0], [0, 1]], constant_values=tf.uint8.max)

    image = tf.cond(tf.io.is_jpeg(file), opaque, lambda: tf.io.decode_png(file, channels=4))
    return tf.ensure_shape(image, (None, None, 4))

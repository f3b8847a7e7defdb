"""Random changes of the inputs, as part of the compiled training step."""

import math
from typing import Any

import keras
from keras import ops

from keras_session5.catalog import Recipe
from keras_session5.data.characters import PADDING_ID, UNKNOWN_ID


class StepRandom(keras.random.SeedGenerator):
    """The random numbers of one training step: a function of the seed, the epoch and the step alone.

    Args:
        key: (2,) uint32 tensor, different for every step.
    """

    def __init__(self, key: Any):
        self.key, self.draws = key, 0  # Keras's own generator would create a variable

    def next(self, ordered: bool = True) -> Any:
        """Returns a new key for each draw of the step."""
        self.draws += 1
        return ops.cast(ops.stack([self.key[0] + self.draws * 0x9E3779B, self.key[1]]), "uint32")


def augment(images: Any, recipe: Recipe, random: StepRandom) -> Any:
    """Shifts, rotates and scales every image at random, with bilinear interpolation.

    Args:
        images: (B, height, width, 1).

    Returns:
        float32 tensor of the same shape. Pixels from outside the image are 0.
    """
    draw = ops.split(keras.random.uniform((4, ops.shape(images)[0], 1, 1), -1.0, 1.0, seed=random), 4)
    angle, zoom, dy, dx = (one[0] for one in draw)
    angle = angle * (math.radians(recipe.rotate_deg))
    zoom = 1 + zoom * recipe.scale
    return transform(images, angle, zoom, dy * recipe.shift_px, dx * recipe.shift_px)


def transform(images: Any, angle: Any, zoom: Any, dy: Any, dx: Any) -> Any:
    """Rotates and scales images about their centres, then shifts them.

    Args:
        images: (B, height, width, 1).
        angle: (B, 1, 1), in radians; the others have the same shape.
        zoom: factor of enlargement.
        dy, dx: shift up and to the left, in pixels.

    Returns:
        float32 tensor of the same shape.
    """
    height, width = images.shape[1:3]
    cos, sin = ops.cos(angle) / zoom, ops.sin(angle) / zoom
    y = ops.reshape(ops.arange(height, dtype="float32") - (height - 1) / 2, (1, -1, 1))
    x = ops.reshape(ops.arange(width, dtype="float32") - (width - 1) / 2, (1, 1, -1))
    # The source of each pixel of the result, in an image with a border of zeros.
    y, x = cos * y - sin * x + (height + 1) / 2 + dy, sin * y + cos * x + (width + 1) / 2 + dx
    y, x = ops.clip(y, 0, height + 1), ops.clip(x, 0, width + 1)
    top, left = ops.minimum(ops.floor(y), height), ops.minimum(ops.floor(x), width)
    down, right = y - top, x - left
    bordered = ops.reshape(ops.pad(images[..., 0], [(0, 0), (1, 1), (1, 1)]), (-1,))
    first = ops.reshape(ops.arange(ops.shape(images)[0]) * ((height + 2) * (width + 2)), (-1, 1, 1))
    source = first + ops.cast(top, "int32") * (width + 2) + ops.cast(left, "int32")

    def pixels(offset: int) -> Any:
        return ops.cast(ops.take(bordered, source + offset), "float32")

    above = pixels(0) * (1 - right) + pixels(1) * right
    below = pixels(width + 2) * (1 - right) + pixels(width + 3) * right
    return (above * (1 - down) + below * down)[..., None]


def drop_tokens(tokens: Any, recipe: Recipe, random: StepRandom) -> Any:
    """Replaces random characters with the unknown character.

    The network then learns not to rely on any single character, and to ignore unknown ones.

    Args:
        tokens: (B, T) ids, 0 for padding.

    Returns:
        Tensor of the same shape and dtype.
    """
    if not recipe.token_dropout:
        return tokens
    dropped = keras.random.uniform(ops.shape(tokens), seed=random) < recipe.token_dropout
    dropped = ops.logical_and(dropped, tokens != PADDING_ID)
    return ops.where(dropped, ops.cast(UNKNOWN_ID, tokens.dtype), tokens)

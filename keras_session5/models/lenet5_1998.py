"""LeNet-5 as published in 1998."""

from typing import Any

import keras
import numpy as np
from keras import layers

from keras_session5 import checks
from keras_session5.layers.partial_convolution import PartialConv2D
from keras_session5.layers.radial_basis import RadialBasis
from keras_session5.layers.scaled_tanh import scaled_tanh

# Table I of the paper: the maps of s2 (rows) that feed each map of c3 (columns).
_TABLE = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""

# The target of f6 for each digit: 7 x 12 pixels, ink 1 and background -1.
_DIGITS = """
...#... ....... ....... ....... ....... ....... ....... ....... ....... .......
..###.. ...##.. .#####. .#####. ....##. ####### ..####. ####### .#####. .#####.
.##.##. ..###.. ##...## ##...## ...###. ##..... .##...# ##...## ##...## ##...##
##...## .#.##.. .....## .....## ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## .##.##. ##..... ##..... ....##. .##.##. ##...##
##...## ...##.. ....##. ..####. ##..##. ######. ##.###. ....##. ..###.. ##..###
##...## ...##.. ...##.. .....## ##..##. .....## ###..## ...##.. .##.##. .###.##
##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ....##. .....## ##...## ..##... ##...## .....##
.##.##. ...##.. ##..... ##...## ....##. ##...## ##...## ..##... ##...## ##...##
..###.. .###### ####### .#####. ....##. .#####. .#####. ..##... .#####. .#####.
...#... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


def table() -> list[list[int]]:
    """Returns table I in the form of `PartialConv2D`: for each map of c3 its input maps."""
    rows = _TABLE.split()
    return [[i for i, row in enumerate(rows) if row[o] == "X"] for o in range(len(rows[0]))]


def codes() -> np.ndarray:
    """Returns the ten codes of the output layer, (10, 84), +1 for ink and -1 for background."""
    bitmaps = zip(*(line.split() for line in _DIGITS.strip().splitlines()), strict=True)
    return np.array([[1 if pixel == "#" else -1 for pixel in "".join(rows)] for rows in bitmaps])


def build_lenet5_1998(num_classes: int = 10) -> keras.Model:
    """Builds LeNet-5 with the paper's partial connections, trainable subsampling and fixed output codes.

    Args:
        num_classes: number of classes, at most 10: there is one code for each digit.

    Returns:
        Model from `image` (B, 28, 28, 1), pixels 0..255, float32, to `probabilities`
        (B, num_classes).

    Raises:
        ArgumentError: if `num_classes` is not an integer from 1 to 10.

    Parameters:
        60,000 for any number of classes: 156 + 12 + 1,516 + 32 + 48,120 + 10,164. For ten classes there are
        340,908 connections.

    Differences from the paper:
        The digits' codes are redrawn; biases start at zero. The cross-entropy of a softmax over negated
        distances is the paper's loss, equation (9), without the constant e^-j for the "rubbish" class. s2 and
        s4 compute a mean in place of a sum, so that their trained coefficient is four times the paper's.

    Example:
        >>> build_lenet5_1998().count_params()
        60000

    Reference:
        LeCun, Bottou, Bengio, Haffner (1998), "Gradient-Based Learning Applied to Document
        Recognition", Proceedings of the IEEE 86(11).
    """
    checks.int_between("num_classes", num_classes, 1, 10)

    image = keras.Input((28, 28, 1), name="image")
    x = layers.ZeroPadding2D(2, name="pad")(image)
    # (B, 32, 32, 1)
    # Background -0.1 and ink 1.175 give a mean of about 0 and a variance of about 1.
    x = layers.Rescaling(1.275 / 255, offset=-0.1, name="scale")(x)

    # Features: convolution and subsampling, twice.
    x = layers.Conv2D(6, 5, activation=scaled_tanh, kernel_initializer=_uniform(25), name="c1")(x)
    # (B, 28, 28, 6)    5*5*1*6 + 6 = 156
    x = _subsample(x, "s2")
    # (B, 14, 14, 6)    6 + 6 = 12
    x = PartialConv2D(table(), 5, activation=scaled_tanh, name="c3")(x)
    # (B, 10, 10, 16)    5*5*(6*3 + 9*4 + 1*6) + 16 = 1,516
    x = _subsample(x, "s4")
    # (B, 5, 5, 16)    16 + 16 = 32

    # Classifier.
    x = layers.Conv2D(120, 5, activation=scaled_tanh, kernel_initializer=_uniform(400), name="c5")(x)
    # (B, 1, 1, 120)    5*5*16*120 + 120 = 48,120
    x = layers.Flatten(name="flatten")(x)
    # (B, 120)
    x = layers.Dense(84, activation=scaled_tanh, kernel_initializer=_uniform(120), name="f6")(x)
    # (B, 84)    120*84 + 84 = 10,164
    x = RadialBasis(codes()[:num_classes], name="rbf")(x)
    # (B, 10)    84*10 = 840 constants
    x = layers.Rescaling(-1.0, name="log_likelihood")(x)
    outputs = layers.Softmax(name="probabilities")(x)
    # (B, 10)
    return keras.Model(image, outputs, name="lenet5_1998")


def _subsample(x: Any, name: str) -> Any:
    """Averages 2 x 2 units, then scales, shifts and squashes them: two weights for each map."""
    x = layers.AveragePooling2D(2, name=f"{name}_mean")(x)
    # The paper's coefficient starts in +-2.4/4 and multiplies a sum of 4 units; for their mean, 4 times that.
    return layers.DepthwiseConv2D(1, activation=scaled_tanh, depthwise_initializer=_uniform(1), name=name)(x)


def _uniform(fan_in: int) -> keras.initializers.Initializer:
    """Returns the paper's initializer: uniform in +-2.4 / fan-in."""
    return keras.initializers.RandomUniform(-2.4 / fan_in, 2.4 / fan_in)

"""The multilayer perceptron for images."""

from collections.abc import Sequence

import keras
from keras import layers

from keras_session5 import checks


def build_mlp(
    num_classes: int = 10,
    widths: Sequence[int] = (128, 64),
    image_size: int = 28,
    activation: str = "relu",
    dropout: float = 0.0,
) -> keras.Model:
    """Builds a stack of dense layers on flattened greyscale images.

    Args:
        num_classes: number of classes.
        widths: units of each hidden layer, first to last; empty for a softmax regression.
        image_size: side of the square images, in pixels.
        activation: activation of the hidden layers.
        dropout: fraction of each hidden layer's outputs dropped in training.

    Returns:
        Model from `image` (B, image_size, image_size, 1), pixels 0..255, float32, to
        `probabilities` (B, num_classes).

    Raises:
        ArgumentError: if a number is out of range.

    Parameters:
        109,386 for the defaults: 100,480 + 8,256 + 650.

    Differences from the paper:
        ReLU and softmax replace the logistic units; images and layers of any width replace the paper's small
        examples.

    Example:
        >>> build_mlp(widths=(32,)).count_params()
        25450

    Reference:
        Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating errors",
        Nature 323.
    """
    checks.positive_int("num_classes", num_classes)
    checks.positive_ints("widths", widths)
    checks.positive_int("image_size", image_size)
    checks.fraction("dropout", dropout)
    checks.activation("activation", activation)

    image = keras.Input((image_size, image_size, 1), name="image")
    x = layers.Rescaling(1 / 255, name="scale")(image)
    x = layers.Flatten(name="flatten")(x)
    # (B, 784)
    for i, width in enumerate(widths, start=1):
        x = layers.Dense(width, activation=activation, name=f"hidden{i}")(x)
        # (B, 128)    784*128 + 128 = 100,480
        # (B, 64)     128*64 + 64 = 8,256
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout{i}")(x)
    outputs = layers.Dense(num_classes, activation="softmax", name="probabilities")(x)
    # (B, 10)    64*10 + 10 = 650
    return keras.Model(image, outputs, name="mlp")

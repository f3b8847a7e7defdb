"""LeNet-5, as the course presents it."""

import keras
from keras import layers

from keras_session5 import checks


def build_lenet5(
    num_classes: int = 10, image_size: int = 28, activation: str = "tanh", dropout: float = 0.0
) -> keras.Model:
    """Builds LeNet-5: two convolutions with pooling, three dense layers.

    Args:
        num_classes: number of classes.
        image_size: 28 (the first convolution pads the image to 32) or 32, in pixels.
        activation: activation of all layers except the last.
        dropout: fraction of the outputs of c5 and f6 dropped in training.

    Returns:
        Model from `image` (B, image_size, image_size, 1), pixels 0..255, float32, to
        `probabilities` (B, num_classes).

    Raises:
        ArgumentError: if a number is out of range, or `image_size` is neither 28 nor 32.

    Parameters:
        61,706 for ten classes: 156 + 2,416 + 48,120 + 10,164 + 850.

    Differences from the paper:
        Each map of c3 sees all six input maps, where the paper connects it to some; s2 and s4 take the
        maximum of four units, where the paper averages them with a trained coefficient and bias; tanh(x)
        replaces the squashing function 1.7159 tanh(2x/3); a softmax replaces the radial basis functions.
        `build_lenet5_1998` follows the paper in all four.
        c5 is a convolution, as in the paper; the course's "flatten, dense 120" has the same 48,120 weights.

    Example:
        >>> build_lenet5(num_classes=10).count_params()
        61706

    Reference:
        LeCun, Bottou, Bengio, Haffner (1998), "Gradient-Based Learning Applied to Document
        Recognition", Proceedings of the IEEE 86(11).
    """
    checks.positive_int("num_classes", num_classes)
    checks.one_of("image_size", image_size, [28, 32])
    checks.fraction("dropout", dropout)
    checks.activation("activation", activation)

    image = keras.Input((image_size, image_size, 1), name="image")
    # The paper's range, background -0.1 and ink 1.175, gives a mean of about 0 and a variance of about 1.
    x = layers.Rescaling(1.275 / 255, offset=-0.1, name="scale")(image)

    # Features: convolution and pooling, twice.
    padding = "same" if image_size == 28 else "valid"
    x = layers.Conv2D(6, 5, padding=padding, activation=activation, name="c1")(x)
    # (B, 28, 28, 6)    5*5*1*6 + 6 = 156
    x = layers.MaxPooling2D(2, name="s2")(x)
    # (B, 14, 14, 6)
    x = layers.Conv2D(16, 5, activation=activation, name="c3")(x)
    # (B, 10, 10, 16)    5*5*6*16 + 16 = 2,416
    x = layers.MaxPooling2D(2, name="s4")(x)
    # (B, 5, 5, 16)

    # Classifier.
    x = layers.Conv2D(120, 5, activation=activation, name="c5")(x)
    # (B, 1, 1, 120)    5*5*16*120 + 120 = 48,120
    x = layers.Flatten(name="flatten")(x)
    # (B, 120)
    if dropout:
        x = layers.Dropout(dropout, name="dropout5")(x)
    x = layers.Dense(84, activation=activation, name="f6")(x)
    # (B, 84)    120*84 + 84 = 10,164
    if dropout:
        x = layers.Dropout(dropout, name="dropout6")(x)
    outputs = layers.Dense(num_classes, activation="softmax", name="probabilities")(x)
    # (B, 10)    84*10 + 10 = 850
    return keras.Model(image, outputs, name="lenet5")

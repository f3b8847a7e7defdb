"""Rosenblatt's perceptron with photocells, as demonstrated in 1958."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import step
from keras_session5.layers.wiring import RandomWiring


def build_photo_perceptron(
    num_association: int = 1000,
    num_exciting: int = 10,
    num_inhibiting: int = 10,
    threshold: int = 2,
    image_size: int = 20,
) -> keras.Model:
    """Builds photocells, association units with a fixed random wiring, and a response unit that learns.

    The response unit learns by Rosenblatt's rule, as in `build_perceptron`: `HalfSquaredError`, SGD with a
    learning rate of 1, one card at a time. Sums of a few +1 and -1 are exact, and so are the predictions.
    Left and right are linearly separable in the photocells themselves: the task does not need the association
    units, and without them the perceptron learns faster.

    Args:
        num_association: association units; 0 connects the photocells directly to the response unit.
        num_exciting: photocells that excite each association unit, with weight +1.
        num_inhibiting: other photocells that inhibit it, with weight -1.
        threshold: sum at which an association unit fires.
        image_size: side of the square retina, in photocells.

    Returns:
        Model from `image` (B, image_size, image_size, 1), pixels 0 or 255, float32, to `fires`
        (B, 1), 0 or 1.

    Raises:
        ArgumentError: if a number is out of range: there are `image_size`^2 photocells to connect to, and
            no sum reaches a threshold above `num_exciting`.

    Parameters:
        400,000 fixed + 1,001 trained for the defaults; 401 trained without association units.

    Differences from the paper:
        One response unit replaces two that inhibit each other. There is no projection area between retina and
        association units, which the paper calls optional. The rule corrects errors only, as in Rosenblatt's
        later procedure ("Principles of Neurodynamics", 1962); in 1958 the value of every active association
        unit grows, even without an error.

    Example:
        >>> build_photo_perceptron(num_association=0).count_params()
        401

    Reference:
        F. Rosenblatt (1958), "The Perceptron: A Probabilistic Model for Information Storage and
        Organization in the Brain", Psychological Review 65(6).
    """
    checks.positive_int("image_size", image_size)
    checks.int_between("num_association", num_association, 0, 1_000_000)
    checks.int_between("num_exciting", num_exciting, 1, image_size**2)
    checks.int_between("num_inhibiting", num_inhibiting, 0, image_size**2 - num_exciting)
    checks.int_between("threshold", threshold, 1, num_exciting)

    # Sensory units.
    image = keras.Input((image_size, image_size, 1), name="image")
    x = layers.Rescaling(1 / 255, name="scale")(image)
    x = layers.Flatten(name="photocells")(x)
    # (B, 400)

    # Association units: their wiring is fixed and not learned.
    if num_association:
        x = layers.Dense(
            num_association,
            use_bias=False,
            kernel_initializer=RandomWiring(num_exciting, num_inhibiting),
            trainable=False,
            name="wiring",
        )(x)
        # (B, 1000)    400*1000 = 400,000 fixed
        x = layers.Rescaling(1.0, offset=-threshold, name="threshold")(x)
        x = layers.Activation(step, name="association")(x)
        # (B, 1000)

    # Response unit.
    outputs = layers.Dense(1, activation=step, kernel_initializer="zeros", name="fires")(x)
    # (B, 1)    1000 + 1 = 1,001
    return keras.Model(image, outputs, name="photo_perceptron")

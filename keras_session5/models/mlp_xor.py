"""The multilayer perceptron for XOR, with one hidden layer."""

import keras
from keras import layers

from keras_session5 import checks


def build_mlp_xor(num_hidden: int = 8, activation: str = "tanh") -> keras.Model:
    """Builds the multilayer perceptron 2-`num_hidden`-1 for two-input Boolean functions.

    Two hidden units suffice in principle, but gradient descent finds the solution from only about half of all
    random starts and otherwise ends in a local minimum. With eight it succeeds reliably.

    Args:
        num_hidden: units of the hidden layer; 2 gives the smallest network for XOR, 9 parameters.
        activation: activation of the hidden layer.

    Returns:
        Model from `inputs` (B, 2), values in {0, 1}, float32, to `probabilities` (B, 1) of
        class 1.

    Raises:
        ArgumentError: if `num_hidden` is not an integer of at least 1.

    Parameters:
        4 num_hidden + 1; 33 for eight hidden units.

    Differences from the paper:
        Rumelhart et al. use the logistic function in the hidden layer; tanh learns faster. XOR appears not in
        the letter to Nature but in chapter 8 of "Parallel Distributed Processing", volume 1, of the same
        year.

    Example:
        >>> build_mlp_xor(num_hidden=2).count_params()
        9

    Reference:
        Rumelhart, Hinton, Williams (1986), "Learning representations by back-propagating errors",
        Nature 323.
    """
    checks.positive_int("num_hidden", num_hidden)
    checks.activation("activation", activation)

    inputs = keras.Input((2,), name="inputs")
    x = layers.Dense(num_hidden, activation=activation, name="hidden")(inputs)
    # (B, num_hidden)    2*num_hidden + num_hidden
    outputs = layers.Dense(1, activation="sigmoid", name="probabilities")(x)
    # (B, 1)    num_hidden + 1
    return keras.Model(inputs, outputs, name="mlp_xor")

"""Rosenblatt's perceptron (1957): weights, a bias and a step."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import step


def build_perceptron(num_inputs: int = 2) -> keras.Model:
    """Builds a perceptron: one unit that fires when w.x + b >= 0.

    Training with `HalfSquaredError` and plain SGD, one sample at a time, is Rosenblatt's rule
    w <- w + lr (target - prediction) x, because `step` has a straight-through gradient.

    Args:
        num_inputs: number of binary inputs.

    Returns:
        Model from `inputs` (B, num_inputs), values in {0, 1}, float32, to `fires` (B, 1), 0 or 1.

    Raises:
        ArgumentError: if `num_inputs` is not an integer of at least 1.

    Parameters:
        num_inputs + 1; 3 for two inputs.

    Differences from the paper:
        The association units of the 1958 machine are omitted: this is its response unit, the part that
        learns. The rule corrects errors only, as in Rosenblatt's later procedure ("Principles of
        Neurodynamics", 1962); in 1957 and 1958 every active unit gains value, even without an error.

    Example:
        >>> build_perceptron(num_inputs=2).count_params()
        3

    Reference:
        F. Rosenblatt (1957), "The Perceptron: A Perceiving and Recognizing Automaton", Cornell
        Aeronautical Laboratory, Report 85-460-1.
    """
    checks.positive_int("num_inputs", num_inputs)

    inputs = keras.Input((num_inputs,), name="inputs")
    # Novikoff's bound on the number of mistakes assumes zero initial weights.
    outputs = layers.Dense(1, activation=step, kernel_initializer="zeros", name="fires")(inputs)
    # (B, 1)    num_inputs + 1
    return keras.Model(inputs, outputs, name="perceptron")

"""XOR solved on paper: a hidden layer of two units, without training."""

import keras
import numpy as np
from keras import layers

# The first hidden unit counts the inputs that are 1, the second is 1 only if both are.
W, C = np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([0.0, -1.0])
# The count of ones, minus 2 if both inputs are 1.
V, B = np.array([[1.0], [-2.0]]), np.array([0.0])


def solve_xor() -> keras.Model:
    """Returns the network 2-2-1 that computes XOR exactly: v . relu(x W + c) + b.

    With W = [[1, 1], [1, 1]], c = (0, -1), v = (1, -2), b = 0. The hidden layer maps the four inputs to
    (0, 0), (1, 0), (1, 0), (2, 1), which one line separates.

    Returns:
        Model from `inputs` (B, 2), values in {0, 1}, float32, to `answers` (B, 1), 0 or 1; 9 parameters.

    Example:
        >>> solve_xor()(keras.ops.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])).numpy().tolist()
        [[0.0], [1.0], [1.0], [0.0]]

    Reference:
        Goodfellow, Bengio, Courville (2016), "Deep Learning", section 6.1.
    """
    inputs = keras.Input((2,), name="inputs")
    hidden = layers.Dense(2, activation="relu", kernel_initializer="zeros", name="hidden")
    # (B, 2)    2*2 + 2 = 6
    output = layers.Dense(1, kernel_initializer="zeros", name="answers")
    # (B, 1)    2 + 1 = 3
    model = keras.Model(inputs, output(hidden(inputs)), name="xor_by_hand")
    model.set_weights([W, C, V, B])
    return model

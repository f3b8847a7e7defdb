"""One step of back-propagation with one sample, number by number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_session5 import checks
from keras_session5.by_hand import arrays
from keras_session5.by_hand.backpropagation import NumpyMLP

Weights = list[tuple[np.ndarray, np.ndarray]]


class BackpropagationStep(NamedTuple):
    """All numbers of one step. Each list has one entry for each layer, from inputs to outputs.

    Attributes:
        inputs: the sample, (inputs,).
        weights: pairs (W, b) before the step, of shapes (inputs, units) and (units,).
        sums: the weighted sums z, (units,).
        activations: the activations a, (units,); the last ones are the probabilities.
        loss: cross-entropy before the step.
        deltas: derivatives of the loss with respect to the sums, (units,).
        gradients: derivatives of the loss with respect to W and b.
        updated: pairs (W, b) after the step.
    """

    inputs: np.ndarray
    weights: Weights
    sums: list[np.ndarray]
    activations: list[np.ndarray]
    loss: float
    deltas: list[np.ndarray]
    gradients: Weights
    updated: Weights


def backpropagation_example() -> NumpyMLP:
    """Returns the network 2-2-1 of the course's worked example, with sigmoid units and 9 weights.

    Example:
        >>> step = backpropagation_step(backpropagation_example(), [1, 0.5], 1, learning_rate=0.5)
        >>> step.sums[0].tolist(), round(step.loss, 3)
        ([1.0, -0.5], 0.959)
    """
    network = NumpyMLP((2, 2, 1), activation="sigmoid")
    network.weights = [
        (np.array([[0.4, -0.6], [0.8, 0.2]]), np.array([0.2, 0.0])),
        (np.array([[-1.0], [2.0]]), np.array([-0.5])),
    ]
    return network


def backpropagation_step(
    network: NumpyMLP, inputs: ArrayLike, label: int, learning_rate: float
) -> BackpropagationStep:
    """Returns all numbers of one step of gradient descent with one sample. The network stays as it is.

    Args:
        network: gets the sample.
        inputs: the sample, (inputs,).
        label: its class.
        learning_rate: factor of the gradients.

    Raises:
        ArgumentError: if the sample does not fit the network, or the learning rate is not above zero.
    """
    inputs = arrays.numbers("inputs", inputs, network.widths[0])
    checks.above_zero("learning_rate", learning_rate)
    before = [(w.copy(), b.copy()) for w, b in network.weights]
    values = [a[0] for a in network.forward([inputs])]  # the inputs first
    loss, gradients = network.backward([inputs], [label])
    return BackpropagationStep(
        inputs=inputs,
        weights=before,
        sums=[a @ w + b for a, (w, b) in zip(values[:-1], before, strict=True)],
        activations=values[1:],
        loss=loss,
        # z is W a + b, so the derivative with respect to b is that with respect to z.
        deltas=[db for _, db in gradients],
        gradients=gradients,
        updated=[
            (w - learning_rate * dw, b - learning_rate * db)
            for (w, b), (dw, db) in zip(before, gradients, strict=True)
        ],
    )

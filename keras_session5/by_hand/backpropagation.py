"""Back-propagation in NumPy: the multilayer perceptron without a framework."""

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from keras_session5 import checks
from keras_session5.by_hand import arrays
from keras_session5.errors import ArgumentError


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * z))  # 1 / (1 + exp(-z)) without overflow


# name -> activation f, and its derivative as a function of the value a = f(z)
ACTIVATIONS = {
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: np.where(a > 0, 1.0, 0.0)),
}


class NumpyMLP:
    """A multilayer perceptron for classification, in float64.

    A single output unit is a sigmoid, the probability of class 1; several are a softmax over the classes. The
    loss is the cross-entropy, the mean of -log(probability of the label) over the samples.

    Args:
        widths: units of each layer from inputs to outputs, such as (2, 4, 1) for XOR.
        activation: activation of the hidden layers, `"tanh"`, `"sigmoid"` or `"relu"`.
        seed: seed of the initial weights.

    Attributes:
        weights: one pair (W, b) per layer, of shapes (inputs, units) and (units,).

    Example:
        >>> model, x, labels = NumpyMLP((2, 4, 1)), [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> losses = model.fit(x, labels, learning_rate=0.5, steps=2000)
        >>> model.predict(x).round().tolist()
        [[0.0], [1.0], [1.0], [0.0]]

    Reference:
        Rumelhart et al. (1986), "Learning representations by back-propagating errors", Nature 323.
    """

    def __init__(self, widths: tuple[int, ...], activation: str = "tanh", seed: int = 0):
        self.widths = checks.positive_ints("widths", widths)
        if len(self.widths) < 2:
            raise ArgumentError(f"`widths` must have two or more entries. Received: widths={widths!r}")
        self.f, self.derivative = ACTIVATIONS[checks.one_of("activation", activation, ACTIVATIONS)]
        rng = np.random.default_rng(seed)
        self.weights = []
        for i, o in pairwise(self.widths):
            limit = np.sqrt(6 / (i + o))  # Glorot's: keeps the variance of sums of many inputs
            self.weights.append((rng.uniform(-limit, limit, (i, o)), np.zeros(o)))

    def forward(self, x: ArrayLike) -> list[np.ndarray]:
        """Returns the input x (B, inputs) and the activations of every layer, the probabilities last."""
        a = [arrays.numbers("x", x, "batch", self.widths[0])]
        for w, b in self.weights[:-1]:
            a.append(self.f(a[-1] @ w + b))  # (B, units)
        w, b = self.weights[-1]
        z = a[-1] @ w + b  # (B, outputs)
        e = np.exp(z - z.max(1, keepdims=True))
        return [*a, sigmoid(z) if z.shape[1] == 1 else e / e.sum(1, keepdims=True)]

    def predict(self, x: ArrayLike) -> np.ndarray:
        """Returns the probabilities, (B, outputs)."""
        return self.forward(x)[-1]

    def backward(self, x: ArrayLike, labels: ArrayLike) -> tuple[float, list[tuple[np.ndarray, np.ndarray]]]:
        """Returns the loss and its gradients, which have the shapes of `weights`."""
        a = self.forward(x)
        p, w = a[-1], [w for w, _ in self.weights]
        y = arrays.classes("labels", labels, len(p), max(2, p.shape[1]))[:, None]
        t = y if p.shape[1] == 1 else y == np.arange(p.shape[1])  # targets, (B, outputs)
        likelihood = np.where(t, p, 1 - p) if p.shape[1] == 1 else p[t]
        delta = (p - t) / len(p)  # dloss/dz for both sigmoid and softmax
        gradients = [(a[-2].T @ delta, delta.sum(0))]
        for layer in reversed(range(1, len(w))):  # through the weights, then the activation
            delta = delta @ w[layer].T * self.derivative(a[layer])
            gradients.insert(0, (a[layer - 1].T @ delta, delta.sum(0)))
        return float(-np.log(np.maximum(likelihood, 1e-300)).mean()), gradients

    def step(self, x: ArrayLike, labels: ArrayLike, learning_rate: float) -> float:
        """Takes one step of gradient descent; returns the loss before it."""
        loss, gradients = self.backward(x, labels)
        for (w, b), (dw, db) in zip(self.weights, gradients, strict=True):
            w -= learning_rate * dw
            b -= learning_rate * db
        return loss

    def fit(self, x: ArrayLike, labels: ArrayLike, learning_rate: float = 0.1, steps: int = 1000) -> list:
        """Takes several steps of gradient descent on all samples; returns the loss, a float, before each."""
        checks.above_zero("learning_rate", learning_rate)
        return [self.step(x, labels, learning_rate) for _ in range(checks.positive_int("steps", steps))]

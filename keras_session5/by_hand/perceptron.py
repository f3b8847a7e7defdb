"""Rosenblatt's rule, one sample at a time, and the conditions under which it converges."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from keras_session5 import checks
from keras_session5.by_hand import arrays


@dataclass(frozen=True)
class Step:
    """One training step of a perceptron.

    Attributes:
        inputs, target: the sample.
        prediction: output of the perceptron before the update.
        weights, bias: parameters after the update.
    """

    inputs: tuple[float, ...]
    target: int
    prediction: int
    weights: tuple[float, ...]
    bias: float

    @property
    def mistake(self) -> bool:
        """Whether the prediction differs from the target."""
        return self.prediction != self.target


@dataclass(frozen=True)
class Trace:
    """All training steps of a perceptron.

    Attributes:
        epochs: steps of each epoch.
    """

    epochs: tuple[tuple[Step, ...], ...]

    @property
    def mistakes(self) -> tuple[int, ...]:
        """The number of mistakes in each epoch."""
        return tuple(sum(step.mistake for step in epoch) for epoch in self.epochs)

    @property
    def learned(self) -> bool:
        """Whether the last epoch has no mistake."""
        return self.mistakes[-1] == 0

    @property
    def starts(self) -> tuple[tuple[float, ...], ...]:
        """The weights and bias at the start of each epoch, and after the last."""
        ends = [(*epoch[-1].weights, epoch[-1].bias) for epoch in self.epochs]
        return ((0.0,) * len(ends[0]), *ends)


def perceptron_trace(
    inputs: ArrayLike, targets: ArrayLike, learning_rate: float = 1.0, epochs: int = 60
) -> Trace:
    """Trains a perceptron from zero weights by Rosenblatt's rule and records every step.

    Each sample updates w <- w + lr (target - prediction) x, and the bias likewise with x = 1. Training ends
    after an epoch without a mistake. It computes in float32, like the Keras perceptron.

    Args:
        inputs: array of shape (samples, n), in the order of training.
        targets: 0 or 1 for each sample.
        learning_rate: any number above 0. From zero weights it only scales them and does not change the
            predictions, except by rounding: multiples of 1 and 0.5 are exact, those of 0.1 are not.
        epochs: largest number of epochs; 60 suffice for AND, whose bound is 51 mistakes.

    Returns:
        The trace; `epochs[e][i]` is the step on sample i in epoch e.

    Raises:
        ArgumentError: if a shape or a number is invalid.

    Example:
        >>> trace = perceptron_trace([[0, 0], [0, 1], [1, 0], [1, 1]], targets=[0, 0, 0, 1])
        >>> trace.mistakes, trace.starts[-1]
        ((2, 3, 3, 2, 1, 0), (2.0, 1.0, -3.0))

    Reference:
        F. Rosenblatt (1957), "The Perceptron: A Perceiving and Recognizing Automaton", Cornell
        Aeronautical Laboratory, Report 85-460-1.
    """
    rows = arrays.numbers("inputs", inputs, "samples", "n").astype("float32")
    labels = arrays.classes("targets", targets, len(rows), 2)
    rate = np.float32(checks.above_zero("learning_rate", learning_rate))
    checks.positive_int("epochs", epochs)

    w, b = np.zeros(rows.shape[1], "float32"), np.float32(0)
    trace = []
    for _ in range(epochs):
        steps = []
        for x, target in zip(rows, labels, strict=True):
            prediction = int(w @ x + b >= 0)
            change = rate * np.float32(target - prediction)
            w, b = w + change * x, b + change
            steps.append(Step(tuple(x.tolist()), int(target), prediction, tuple(w.tolist()), float(b)))
        trace.append(tuple(steps))
        if not any(step.mistake for step in steps):
            break
    return Trace(tuple(trace))


def novikoff_bound(inputs: ArrayLike, targets: ArrayLike) -> float:
    """Returns (R / gamma)^2, a bound on the mistakes of a perceptron from zero weights, in any order.

    R is the length of the longest sample, with an additional input of 1 for the bias, and gamma the widest
    margin between the two classes of any plane through the origin.

    Args:
        inputs: array of shape (samples, n).
        targets: 0 or 1 for each sample.

    Returns:
        The bound; infinite if no plane separates the classes, so that training never converges.

    Raises:
        ArgumentError: if a shape or a number is invalid.

    Example:
        >>> round(novikoff_bound([[0, 0], [0, 1], [1, 0], [1, 1]], targets=[0, 0, 0, 1]), 6)
        51.0

    Reference:
        A. Novikoff (1962), "On Convergence Proofs on Perceptrons", Symposium on the Mathematical
        Theory of Automata.
    """
    rows = arrays.numbers("inputs", inputs, "samples", "n")
    labels = arrays.classes("targets", targets, len(rows), 2)

    z = np.hstack([rows, np.ones((len(rows), 1))])  # (samples, n + 1)
    z = z / np.linalg.norm(z, axis=1).max()  # R = 1
    g = np.where(labels == 1, 1.0, -1.0)[:, None] * z
    # The shortest v with g v >= 1 has length 1 / gamma. Lawson and Hanson's "least distance programming"
    # (1974, chapter 23) computes it from the residual of non-negative least squares.
    e = np.vstack([g.T, np.ones(len(g))])  # (n + 2, samples)
    f = np.eye(len(e))[-1]
    residual = f - e @ nnls(e, f)[0]
    if residual[-1] < 1e-12:
        return math.inf
    v = -residual[:-1] / residual[-1]
    # Rounding may yield a v that does not separate the samples.
    return float(v @ v) if (g @ v > 1 - 1e-6).all() else math.inf


def cycle(trace: Trace) -> tuple[int, int] | None:
    """Finds the cycle in the weights of a perceptron that does not converge.

    The order of the samples is fixed, so an epoch depends only on its initial weights. If two epochs start
    from the same weights, training repeats forever.

    Args:
        trace: trace from `perceptron_trace`.

    Returns:
        The first i < j with `trace.starts[i] == trace.starts[j]`: from epoch i on, counted from 0, training
        repeats every j - i epochs. None if the perceptron has converged, or if no weights have recurred yet.

    Example:
        >>> cycle(perceptron_trace([[0, 0], [0, 1], [1, 0], [1, 1]], targets=[0, 1, 1, 0]))
        (2, 3)
    """
    if trace.learned:
        return None
    pairs = combinations(range(len(trace.starts)), 2)
    return next(((i, j) for i, j in pairs if trace.starts[i] == trace.starts[j]), None)

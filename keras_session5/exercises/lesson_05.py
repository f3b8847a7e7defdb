"""Lesson 5: XOR."""

from itertools import product
from typing import Any

import numpy as np

from keras_session5.exercises.exercise import Exercise, Question


def _find_wrong_corner(units: Any) -> str:
    """Computes two layers of threshold units for the four pairs of inputs."""
    units = np.asarray(units, float)
    if units.shape != (3, 3):
        return f"The answer must be three rows of two weights and a threshold. Received: shape={units.shape}."
    weights, thresholds = units[:, :2], units[:, 2]
    for inputs in product((0, 1), repeat=2):
        first, second = (int(weights[i] @ inputs >= thresholds[i]) for i in (0, 1))
        output = int(weights[2] @ (first, second) >= thresholds[2])
        if output != inputs[0] ^ inputs[1]:
            return (
                f"For the inputs {inputs[0]} and {inputs[1]} the hidden units give {first} and {second}, "
                f"and the output is {output}."
            )
    return ""


EXERCISES = {
    "05.1": Exercise(
        answer=_find_wrong_corner,
        hints=(
            "Exactly one is: at least one, but not both. Let each hidden unit say one half of the sentence.",
            "OR is [1, 1, 1]. For NAND, take two negative weights and a negative threshold.",
        ),
        remark="Two layers of the units of 1943 are enough: what was missing was a rule to learn them.",
    ),
    "05.2": Exercise(
        answer=(-1, 2, 1),
        hints=(
            "XNOR is 1 minus XOR.",
            "The hidden points are (0, 0), (1, 0) and (2, 1). Begin with (0, 0): only b is left there.",
        ),
    ),
    "05.3": Exercise(
        answer=1 / 3,
        tolerance=0.005,
        hints=(
            "Differentiate the loss with respect to p, and set the derivative to zero.",
            "The derivative is 2 / (1 - p) - 1 / p. Multiply by p (1 - p).",
        ),
        remark="It is the share of ones among the examples that the network cannot tell apart.",
    ),
    "05.4": Exercise(
        answer=(1, -2, 2),
        hints=(
            "For s = 1 only the first hidden unit is active, so it alone decides v1.",
            "For s = 2 the hidden units are 2, 1 and 0; for s = 3 they are 3, 2 and 1.",
        ),
        remark="Each hidden unit turns the slope round once more.",
    ),
    "05.Q1": Question(
        "c",
        {
            "a": "Some texts say so, but it is a step. What is linear is the sum before it.",
            "b": "The threshold is its bias: w x >= T is the same as w x - T >= 0.",
            "c": "On one side it fires, on the other it does not, and no line has XOR's ones on one side.",
        },
    ),
    "05.Q2": Question(
        "a",
        {
            "a": "Both have one 1, so both land on (1, 0), and the output need not tell them apart.",
            "b": "Both are to get the output 1. It is enough to separate them from 00 and 11.",
            "c": "The line stays straight. It looks bent from the inputs' side because the points move.",
        },
    ),
    "05.Q3": Question(
        "b",
        {
            "a": "In a local minimum no small step helps, and a smaller one does not either.",
            "b": "Another start may lead elsewhere, and more units leave more ways out.",
            "c": "There are only four examples, and the network has seen them all.",
        },
    ),
}

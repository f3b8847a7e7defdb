"""Lesson 2: the threshold unit."""

from itertools import product
from typing import Any

import numpy as np

from keras_session5.exercises.exercise import Exercise, Question


def _is_majority(answer: Any) -> str:
    """Tries weights and a threshold on the eight inputs of a jury of three."""
    values = np.asarray(answer, float)
    if values.shape != (4,):
        return f"The answer has four numbers: three weights and the threshold. Received: {answer!r}."
    for inputs in product((0, 1), repeat=3):
        total = float(values[:3] @ inputs)
        if (total >= values[3]) != (sum(inputs) >= 2):
            return (
                f"With the inputs {inputs} the sum is {total:g}, so the unit "
                f"{'fires, and should not' if sum(inputs) < 2 else 'does not fire, and should'}."
            )
    return ""


def _is_xor_of_or_and_nand(answer: Any) -> str:
    """Tries three units: OR, NAND (in either order), and one that joins them to XOR."""
    units = np.asarray(answer, float)
    if units.shape != (3, 3):
        return "The answer has three units of three numbers each: two weights and a threshold."
    corners = np.array(list(product((0, 1), repeat=2)))
    hidden = [tuple((corners @ unit[:2] >= unit[2]).astype(int).tolist()) for unit in units[:2]]
    if sorted(hidden) != [(0, 1, 1, 1), (1, 1, 1, 0)]:
        return f"For 00, 01, 10, 11 the hidden units compute {hidden[0]} and {hidden[1]}, not OR and NAND."
    outputs = (np.transpose(hidden) @ units[2, :2] >= units[2, 2]).astype(int).tolist()
    return "" if outputs == [0, 1, 1, 0] else f"For 00, 01, 10, 11 the output unit computes {outputs}."


EXERCISES = {
    "02.1": Exercise(
        answer=[0, 1, 0, 0, 1, 1, 0, 1],
        hints=(
            "Write down the eight sums first: the first input plus the third, less the second.",
            "The sums are 0, 1, -1, 0, 1, 2, 0, 1. The unit fires where they reach the threshold.",
        ),
    ),
    "02.2": Exercise(
        answer=_is_majority,
        hints=(
            "All three have the same say, so the weights can be equal.",
            "With weights of 1 the sum counts the voices. How many are a majority?",
        ),
        remark="Weights of 1 and any threshold above 1 and up to 2 work.",
    ),
    "02.3": Exercise(
        answer=_is_xor_of_or_and_nand,
        hints=(
            "NAND fires unless both inputs are 1. With weights of -1 its sums are 0, -1, -1, -2.",
            "XOR is: at least one, and not both. Which function joins OR and NAND?",
        ),
        remark="There is more than one circuit for the same function.",
    ),
    "02.4": Exercise(
        answer=104,
        hints=(
            "product((0, 1), repeat=8) runs through all tables.",
            "Count those whose result has `separable`; `weights` would only count weights of -1 and 1.",
        ),
        remark="Far less than half. With four inputs it is 1,882 of 65,536.",
    ),
    "02.Q1": Question(
        "c",
        {
            "a": "Then even two zeros would be enough to fire, and so would everything else.",
            "b": "A sum of 0 would be enough then. Bring the 2 to the other side of the sign.",
            "c": "x1 + x2 >= 2 and x1 + x2 - 2 >= 0 are the same condition.",
        },
    ),
    "02.Q2": Question(
        "b",
        {
            "a": "The direction depends on the ratio of the weights, and these stay.",
            "b": "The weights give the line its direction, the threshold its distance from the origin.",
            "c": "One unit always has a straight line. Bent borders need a hidden layer (lesson 5).",
        },
    ),
    "02.Q3": Question(
        "a",
        {
            "a": "4 - 1 = 3 reaches the threshold. In the paper, one active inhibiting input is a veto.",
            "b": "In the course's form it does, as 4 - 1 = 3. But in the paper inhibition is a veto.",
            "c": "In the paper it is silent. In the course's form the sum is 4 - 1 = 3, and that is enough.",
        },
    ),
}

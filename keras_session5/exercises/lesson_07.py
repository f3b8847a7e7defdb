"""Lesson 7: convolution and pooling by hand."""

from typing import Any

import numpy as np

from keras_session5 import by_hand
from keras_session5.exercises.exercise import Exercise, Question


def _find_upright_strokes(kernel: Any) -> str:
    """Tries a kernel on an upright stroke, a level one and an even surface."""
    kernel = np.asarray(kernel, float)
    if kernel.shape != (3, 3):
        return f"The kernel must have 3 x 3 weights. Received: shape={kernel.shape}."
    upright = np.zeros((5, 5))
    upright[:, 2] = 1
    strongest = {
        name: float(np.abs(by_hand.patch_products(image, kernel).sums).max())
        for name, image in {"upright": upright, "level": upright.T, "even": np.ones((5, 5))}.items()
    }
    if strongest["even"] > 1e-6:
        return f"On an even surface of ones it responds with {strongest['even']:g}, not with 0."
    if strongest["upright"] <= 2 * strongest["level"]:
        return (
            f"Its largest response to an upright stroke is {strongest['upright']:g}, "
            f"to a level one {strongest['level']:g}: the first must be more than twice the second."
        )
    return ""


EXERCISES = {
    "07.1": Exercise(
        answer=[[0, -1], [-1, 0]],
        hints=(
            "The kernel has 2 x 2 places. On each, two of the four weights are zero.",
            "Take the upper left pixel of the patch and subtract the lower right one.",
        ),
    ),
    "07.2": Exercise(
        answer=(28, 14, 10, 5),
        hints=(
            "A border of zeros keeps the size; without one, a kernel of k pixels costs k - 1.",
            "Pooling by 2 halves the side. After the first two steps it is 14.",
        ),
    ),
    "07.3": Exercise(
        answer=_find_upright_strokes,
        hints=(
            "On an even surface all products have the weights' sum as their sum, so it must be zero.",
            "Put a positive column between two negative ones; in each row the weights add up to zero.",
        ),
    ),
    "07.4": Exercise(
        answer=(0.848, 0.488, 0.057),
        tolerance=0.005,
        hints=(
            "Take the absolute value first, then pool, then compare. A window of 1 changes nothing.",
            "The share is np.abs(before - after).sum() / before.sum().",
        ),
        remark="The larger the window, the more of a small move is forgiven.",
    ),
    "07.Q1": Question(
        "b",
        {
            "a": "Each unit has a window of its own; that is how the map knows where something is.",
            "b": "One kernel serves all places, so a pattern is found wherever it is.",
            "c": "The outputs differ: they are what the map shows.",
        },
    ),
    "07.Q2": Question(
        "a",
        {
            "a": "6 x (5 x 5 + 1) = 156. The map grows with the image, the kernels do not.",
            "b": "The maps become four times as large, but they are computed with the same kernels.",
            "c": "That would be a weight for each output. The units of a map share theirs.",
        },
    ),
    "07.Q3": Question(
        "b",
        {
            "a": "The strongest response is just what it keeps.",
            "b": "Only the largest of the four numbers stays, and its place in the window is forgotten.",
            "c": "Pooling has no weights. (The paper's subsampling layers do have two each: lesson 8.)",
        },
    ),
}

"""Two-dimensional samples of two classes: the logic gates, and shapes that no line separates."""

import re

import numpy as np

from keras_session5 import checks
from keras_session5.data.logic_gates.gates import GATES, ROWS
from keras_session5.errors import ArgumentError

OWN = "my own points"
SHAPES = ("circles", "moons", "spiral")
NAMES = (*SHAPES, *(f"gate: {gate}" for gate in GATES))
EXAMPLE = "-0.8, 0.1, 0\n-0.4, -0.6, 0\n0.3, -0.7, 0\n0, 0, 1\n0.6, 0.5, 1\n-0.2, 0.8, 1"
_MOST_POINTS = 400
_LARGEST = 10.0
_PER_CLASS = 60
_NOISE_SD = 0.08  # small enough to keep the classes apart


def make_points(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns samples and their labels.

    Args:
        name: one of `NAMES`.
        seed: seed of the noise; gates have none.

    Returns:
        (N, 2) float64, about -1..1 or {0, 1} for gates; and (N,) int, 0 or 1.

    Raises:
        ArgumentError: if there is no such name.
    """
    checks.one_of("name", name, NAMES)
    if name not in SHAPES:
        return np.array(ROWS, float), np.array(GATES[name.removeprefix("gate: ")])
    t = np.linspace(0, 1, _PER_CLASS)
    if name == "circles":
        classes = [_place_on_circle(2 * np.pi * t, radius) for radius in (0.95, 0.4)]
    elif name == "moons":
        upper = _place_on_circle(np.pi * t, 0.7)
        classes = [upper - [0.35, 0.2], [0.35, 0.2] - upper]
    else:  # two arms of three quarters of a turn
        arm = _place_on_circle(1.5 * np.pi * t, 0.15 + 0.85 * t)
        classes = [arm, -arm]
    noise = np.random.default_rng(seed).normal(0, _NOISE_SD, (2 * _PER_CLASS, 2))
    return np.concatenate(classes) + noise, np.repeat([0, 1], _PER_CLASS)


def parse_points(text: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Returns samples and labels from lines of two numbers and a class, as `make_points` does.

    The first line may be the header of a CSV file.

    Raises:
        ArgumentError: for lines that are none, too few or too many of them, or too large numbers.
    """
    lines = [re.split(r"[,;\s]+", line.strip(" ,;")) for line in (text or "").splitlines() if line.strip()]
    if lines and not _is_number(lines[0][0]):
        lines = lines[1:]
    for line in lines:
        if len(line) != 3 or not all(map(_is_number, line)) or float(line[2]) not in (0, 1):
            raise ArgumentError(
                "A line must be two numbers and a class, 0 or 1, such as 0.5, -0.2, 1. "
                f"Received: {', '.join(line)}"
            )
    if not 2 <= len(lines) <= _MOST_POINTS:
        raise ArgumentError(f"There must be from 2 to {_MOST_POINTS} points. Received: {len(lines)}.")
    table = np.array(lines, float)
    if not (np.abs(table) <= _LARGEST).all():  # not NaN either
        raise ArgumentError(
            f"The numbers must be from -{_LARGEST:g} to {_LARGEST:g}. Divide them by a constant."
        )
    return table[:, :2], table[:, 2].astype(int)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _place_on_circle(angle: np.ndarray, radius: float | np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)

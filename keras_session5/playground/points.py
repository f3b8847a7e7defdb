"""Two-dimensional samples of two classes: the logic gates, and shapes that no line separates."""

import numpy as np

from keras_session5 import checks
from keras_session5.data.logic_gates.gates import GATES, ROWS

SHAPES = ("circles", "moons", "spiral")
NAMES = (*SHAPES, *(f"gate: {gate}" for gate in GATES))
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


def _place_on_circle(angle: np.ndarray, radius: float | np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)

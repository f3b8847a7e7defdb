"""Points of two classes in the plane: the logic gates, and shapes that no line separates."""

import numpy as np

from keras_session5 import checks
from keras_session5.data.logic_gates.gates import GATES, ROWS

SHAPES = ("circles", "moons", "spiral")
NAMES = (*SHAPES, *(f"gate: {gate}" for gate in GATES))
_PER_CLASS = 60
_NOISE_SD = 0.08  # the classes stay apart


def points(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns examples and their classes.

    Args:
        name: one of `NAMES`.
        seed: of the noise; a gate has none.

    Returns:
        (N, 2) float64 within about -1..1, a gate's in {0, 1}; and (N,) int, 0 or 1.

    Raises:
        ArgumentError: for another name.
    """
    checks.one_of("name", name, NAMES)
    if name not in SHAPES:
        return np.array(ROWS, float), np.array(GATES[name.removeprefix("gate: ")])
    t = np.linspace(0, 1, _PER_CLASS)
    classes = {"circles": _circles, "moons": _moons, "spiral": _spiral}[name](t)
    noise = np.random.default_rng(seed).normal(0, _NOISE_SD, (2 * _PER_CLASS, 2))
    return np.concatenate(classes) + noise, np.repeat([0, 1], _PER_CLASS)


def _circles(t: np.ndarray) -> list[np.ndarray]:
    return [_on_circle(2 * np.pi * t, radius) for radius in (0.95, 0.4)]


def _moons(t: np.ndarray) -> list[np.ndarray]:
    upper = _on_circle(np.pi * t, 0.7)
    return [upper - [0.35, 0.2], [0.35, 0.2] - upper]


def _spiral(t: np.ndarray) -> list[np.ndarray]:
    """Two arms, each of three quarters of a turn."""
    arm = _on_circle(1.5 * np.pi * t, 0.15 + 0.85 * t)
    return [arm, -arm]


def _on_circle(angle: np.ndarray, radius: float | np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)

"""How near two answers are, and whether a row's answer depends on the rows that are asked with it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

TOLERANCE = 1e-5  # float32 sums in another order differ by less
ROWS = 8  # that are also asked alone: enough for three sizes of batches and neighbours on both sides

Answer = Callable[[Mapping[str, np.ndarray]], Mapping[str, Any]]


def max_difference(
    expected: Mapping[str, np.ndarray], received: Mapping[str, Any], relative: bool = False
) -> float:
    """Returns the largest absolute difference over all expected outputs.

    NaN anywhere, an output of another shape, or another text is an infinite difference.

    Args:
        relative: measure each output's in its largest number, where that is above 1.
    """
    differences = [0.0]
    for name, array in expected.items():
        other = np.asarray(received[name])
        if other.shape != array.shape or (array.dtype == object and (other != array).any()):
            return float("inf")
        if array.dtype != object:
            difference = np.abs(other.astype("float64") - array.astype("float64"))
            size = float(np.abs(array).max(initial=1.0)) if relative else 1.0
            differences.append(float(np.nan_to_num(difference / size, nan=np.inf).max(initial=0.0)))
    return max(differences)


def rows_independent(answer: Answer, examples: Mapping[str, np.ndarray]) -> bool:
    """Whether each row of a batch is answered as it is alone, so that a server may merge requests.

    Eight rows, from all over the examples, are asked alone; then again in batches of two, of three and of
    eight in another order, and of all examples. Every output must have one row for each that was asked.
    Numbers with a fraction must agree to 1e-5, or to 1e-5 of the row's largest where that is above 1:
    matrices of another size are multiplied in another order, which moved a logit or a logarithm by up to 4e-6
    in the networks of the catalogue, while `TOLERANCE` is what an export may differ from its network anyway.
    All else must be the same.

    Args:
        answer: from inputs to outputs, by name.
        examples: inputs by name, (N, ...) each. Where there is a scalar, fewer than eight rows, or an input
            that is the same in all eight, nothing is shown, and the answer is no.
    """
    if not examples or any(array.ndim == 0 for array in examples.values()):
        return False
    counts = {len(array) for array in examples.values()}
    count = min(counts)
    if len(counts) > 1 or count < ROWS:
        return False
    rows = np.linspace(0, count - 1, ROWS).astype(int)
    if any((array[rows] == array[rows[:1]]).all() for array in examples.values()):
        return False
    alone = {row: _ask_rows(answer, examples, rows[i : i + 1]) for i, row in enumerate(rows)}
    batches = (rows[:2], rows[[7, 3, 5]], rows[::-1], np.arange(count))
    return all(_as_alone(_ask_rows(answer, examples, batch), batch, alone) for batch in batches)


def _ask_rows(answer: Answer, examples: Mapping[str, np.ndarray], rows: np.ndarray) -> dict[str, np.ndarray]:
    asked = {name: array[rows] for name, array in examples.items()}
    return {name: np.asarray(output) for name, output in answer(asked).items()}


def _as_alone(
    outputs: Mapping[str, np.ndarray], rows: np.ndarray, alone: Mapping[int, Mapping[str, np.ndarray]]
) -> bool:
    for name, together in outputs.items():
        if together.ndim == 0 or len(together) != len(rows):
            return False
        for place, row in enumerate(rows):
            if row in alone and not _same(together[place : place + 1], alone[row][name]):
                return False
    return True


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    if not np.issubdtype(one.dtype, np.inexact):
        return bool((one == other).all())
    size = np.abs(other).max(initial=1.0)
    with np.errstate(invalid="ignore"):  # infinities and NaN are never the same
        return bool(np.abs(one - other).max(initial=0.0) <= TOLERANCE * size)

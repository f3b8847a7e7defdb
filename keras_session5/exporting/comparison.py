"""The difference between two sets of outputs, and whether a row's outputs depend on the rest of the batch."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

TOLERANCE = 1e-5  # float32 sums in another order differ by less
ROWS = 8  # that are also predicted alone: enough for three batch sizes and for neighbours on both sides

Predict = Callable[[Mapping[str, np.ndarray]], Mapping[str, Any]]


def max_difference(
    expected: Mapping[str, np.ndarray], received: Mapping[str, Any], relative: bool = False
) -> float:
    """Returns the largest absolute difference over all expected outputs.

    NaN, a different shape or a different text is an infinite difference.

    Args:
        relative: divide the difference of each output of floats by its largest number if that is above 1.
    """
    differences = [0.0]
    for name, array in expected.items():
        other = np.asarray(received[name])
        if other.shape != array.shape or (array.dtype == object and (other != array).any()):
            return float("inf")
        if array.dtype != object:
            relative_to = np.abs(array).max(initial=1.0) if relative and array.dtype.kind == "f" else 1.0
            with np.errstate(invalid="ignore"):  # infinities and NaN never agree
                difference = np.abs(other.astype("float64") - array.astype("float64")) / relative_to
            differences.append(float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0)))
    return max(differences)


def rows_independent(
    predict: Predict, examples: Mapping[str, np.ndarray], tolerance: float = TOLERANCE
) -> bool:
    """Returns whether a row's outputs are the same alone and in a batch, so that a server may merge requests.

    Eight rows, spread over the examples, are predicted alone; then in batches of two, of three and of eight
    in another order, and of all examples. Every output must have one row for each row of the inputs. Floats
    must agree to 1e-5, or to 1e-5 of the row's largest number if that is above 1: the order of a matrix
    product's sums depends on its size, which moves a logit or a logarithm by up to 4e-6 in the networks of
    the catalogue, less than the `TOLERANCE` for an export. All other values must be equal.

    Args:
        predict: function from inputs to outputs, by name.
        examples: inputs by name, (N, ...) each. A scalar, fewer than eight rows, or an input that is the same
            in all eight rows proves nothing: the result is False.
        tolerance: of floats; larger than `TOLERANCE` for networks that compute with fewer bits.
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

    def predict_rows(some: np.ndarray) -> dict[str, np.ndarray]:
        outputs = predict({name: array[some] for name, array in examples.items()})
        return {name: np.asarray(output) for name, output in outputs.items()}

    alone = {row: predict_rows(rows[i : i + 1]) for i, row in enumerate(rows)}
    for batch in (rows[:2], rows[[7, 3, 5]], rows[::-1], np.arange(count)):
        outputs = predict_rows(batch)
        if any(output.ndim == 0 or len(output) != len(batch) for output in outputs.values()):
            return False
        for i, row in enumerate(batch):
            one = {name: output[i : i + 1] for name, output in outputs.items()}
            if row in alone and not max_difference(alone[row], one, relative=True) <= tolerance:
                return False
    return True

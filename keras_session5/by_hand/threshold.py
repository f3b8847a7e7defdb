"""The Boolean functions that one threshold logic unit can compute, and its weights for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from keras_session5.by_hand import arrays
from keras_session5.errors import ArgumentError


@dataclass(frozen=True)
class ThresholdWeights:
    """Whether one unit can compute a truth table.

    Attributes:
        weights, threshold: parameters of such a unit with weights of -1 and 1; None if there is no such unit.
        separable: whether a unit with arbitrary weights can compute it.
        sentence: the result in words.
    """

    weights: tuple[int, ...] | None
    threshold: int | None
    separable: bool
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def threshold_weights(outputs: Sequence[int]) -> ThresholdWeights:
    """Finds weights of -1 and 1 and a threshold with which one unit computes a truth table.

    Weights and threshold are unique, except for constant outputs: there the weights are all 1, and the
    threshold is the smallest integer, from the lowest sum on, that works.

    Args:
        outputs: 0 or 1 for each row of the truth table, in the order 00, 01, 10, 11; 2, 4 or 8 values for
            one, two or three inputs.

    Returns:
        The weights, if they exist, and a sentence. Of the 4, 16 and 256 truth tables of one, two and three
        inputs, such weights exist for 4, 10 and 26 (n 2^n + 2), and arbitrary weights for 4, 14 and 104.

    Raises:
        ArgumentError: if there are not 2, 4 or 8 outputs, or one is neither 0 nor 1.

    Example:
        >>> print(threshold_weights([0, 0, 0, 1]))
        One unit can: weights (1, 1), threshold 2.
        >>> print(threshold_weights([0, 1, 1, 0]))
        No unit can, whatever its weights: the outputs are not linearly separable.
    """
    table = arrays.numbers("outputs", outputs, "2^n")
    if len(table) not in (2, 4, 8):
        raise ArgumentError(
            "`outputs` must be 2, 4 or 8 values, one for each row of the truth table of one, two or three "
            f"inputs. Received: outputs={outputs!r}"
        )
    table = arrays.classes("outputs", table, len(table), 2)
    num_inputs = len(table).bit_length() - 1
    if found := _search(table, product((1, -1), repeat=num_inputs)):
        weights, threshold = found
        return ThresholdWeights(
            weights, threshold, True, f"One unit can: weights {weights}, threshold {threshold}."
        )
    # Integers up to 2 suffice for every separable function of three inputs; the smallest come first.
    choices = sorted(product((0, 1, -1, 2, -2), repeat=num_inputs), key=lambda w: sum(map(abs, w)))
    if found := _search(table, choices):
        return ThresholdWeights(
            None,
            None,
            True,
            "No unit with weights of -1 and 1 can, but the outputs are linearly separable: one with "
            f"weights {found[0]}, threshold {found[1]} can.",
        )
    return ThresholdWeights(
        None,
        None,
        False,
        "No unit can, whatever its weights: the outputs are not linearly separable.",
    )


def _search(table: np.ndarray, choices: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], int] | None:
    """Returns the first weights for which a threshold exists, and the smallest one from the lowest sum on."""
    for weights in choices:
        rows = np.array(list(product((0, 1), repeat=len(weights))))  # (2^n, n)
        sums = rows @ weights  # (2^n,)
        for threshold in range(int(sums.min()), int(sums.max()) + 2):
            if np.array_equal(sums >= threshold, table):
                return weights, threshold
    return None

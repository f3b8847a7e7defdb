"""What one threshold unit computes, against every unit there is and against linear programming."""

from dataclasses import FrozenInstanceError
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from keras_session5.by_hand import threshold_weights
from keras_session5.errors import ArgumentError
from keras_session5.models.threshold_unit import build_threshold_unit


def rows(num_inputs):
    return np.array(list(product((0, 1), repeat=num_inputs)), "float32")


def tables(num_inputs):
    return list(product((0, 1), repeat=2**num_inputs))


def separable(table):
    """Whether there are w, b with w.x + b >= 1 on the ones and <= -1 on the zeros."""
    x = rows(len(table).bit_length() - 1)
    signs = np.where(np.array(table) == 1, 1, -1)[:, None]
    a = -signs * np.hstack([x, np.ones((len(x), 1))])
    return linprog(np.zeros(a.shape[1]), a, -np.ones(len(a)), bounds=(None, None)).status == 0


@pytest.fixture(scope="module")
def units():
    """By number of inputs: what the Keras unit answers, for all weights and all thresholds of use."""
    found = {}
    for n in (1, 2, 3):
        unit = build_threshold_unit((1,) * n, 0)
        found[n] = set()
        for weights in product((-1, 1), repeat=n):
            for threshold in range(-n, n + 2):
                unit.set_weights([np.array(weights)[:, None], np.array([-threshold])])
                found[n].add(tuple(np.asarray(unit(rows(n)))[:, 0].astype(int).tolist()))
    return found


@pytest.mark.parametrize(("n", "with_signs", "with_any"), [(1, 4, 4), (2, 10, 14), (3, 26, 104)])
def test_exactly_those_tables_that_a_unit_computes_have_weights(n, with_signs, with_any, units):
    results = {table: threshold_weights(table) for table in tables(n)}
    assert {table for table, found in results.items() if found.weights} == units[n]
    assert len(units[n]) == with_signs == n * 2**n + 2
    assert [found.separable for found in results.values()] == [separable(table) for table in results]
    assert sum(found.separable for found in results.values()) == with_any


@pytest.mark.parametrize("table", [*tables(1), *tables(2)])
def test_the_weights_make_the_keras_unit_give_the_answers(table):
    found = threshold_weights(table)
    if found.weights is not None:
        unit = build_threshold_unit(found.weights, found.threshold)
        assert tuple(np.asarray(unit(rows(len(found.weights))))[:, 0]) == table


@pytest.mark.parametrize(
    ("answers", "weights", "threshold"),
    [
        ([0, 0, 0, 1], (1, 1), 2),  # AND
        ([0, 1, 1, 1], (1, 1), 1),  # OR
        ([1, 1, 1, 0], (-1, -1), -1),  # NAND
        ([1, 0, 0, 0], (-1, -1), 0),  # NOR
        ([0, 0, 1, 0], (1, -1), 1),  # x1 and not x2
        ([0, 1, 0, 0], (-1, 1), 1),  # x2 and not x1
        ([1, 1, 0, 1], (-1, 1), 0),  # x1 implies x2
        ([1, 0, 1, 1], (1, -1), 0),  # x2 implies x1
        ([1, 1, 1, 1], (1, 1), 0),
        ([0, 0, 0, 0], (1, 1), 3),
        ([1, 0], (-1,), 0),  # NOT
        ([0, 0, 0, 1, 0, 1, 1, 1], (1, 1, 1), 2),  # the majority of three
        (np.array([False, False, False, True]), (1, 1), 2),
    ],
)
def test_gates_have_the_weights_of_the_course(answers, weights, threshold):
    found = threshold_weights(answers)
    assert (found.weights, found.threshold, found.separable) == (weights, threshold, True)
    assert str(found) == f"One unit can: weights {weights}, threshold {threshold}."


@pytest.mark.parametrize(
    ("answers", "weights"),
    [
        ([0, 0, 1, 1], "(1, 0), threshold 1"),  # x1
        ([0, 1, 0, 1], "(0, 1), threshold 1"),  # x2
        ([1, 1, 0, 0], "(-1, 0), threshold 0"),  # not x1
        ([1, 0, 1, 0], "(0, -1), threshold 0"),  # not x2
        ([0, 0, 0, 1, 1, 1, 1, 1], "(2, 1, 1), threshold 2"),  # x1 or (x2 and x3)
    ],
)
def test_other_weights_are_named_where_they_are_needed(answers, weights):
    found = threshold_weights(answers)
    assert (found.weights, found.threshold, found.separable) == (None, None, True)
    assert found.sentence == (
        "No unit with weights of -1 and 1 can, but the outputs are linearly separable: "
        f"one with weights {weights} can."
    )


@pytest.mark.parametrize("answers", [[0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0, 1, 0, 0, 1]])
def test_parity_is_not_linearly_separable(answers):
    found = threshold_weights(answers)
    assert (found.weights, found.threshold, found.separable) == (None, None, False)
    assert "whatever its weights" in str(found)


def test_the_result_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        threshold_weights([0, 1]).threshold = 7


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([0, 1, 1], r"`outputs` must be 2, 4 or 8 values, .* Received: outputs=\[0, 1, 1\]"),
        ([1], "`outputs` must be 2, 4 or 8 values"),
        ([0] * 16, "`outputs` must be 2, 4 or 8 values"),
        ([0, 1, 2, 0], "`outputs` must be 0 or 1"),
        ([0, 0.5], "`outputs` must be 0 or 1"),
        ([], r"`outputs` must be an array of shape \(2\^n,\)"),
        ([[0, 1], [1, 0]], r"Received: outputs of shape \(2, 2\)"),
        ([[0, 1], [1]], "that contains only numbers"),
        (3, r"Received: outputs of shape \(\)"),
        ("xor", "that contains only numbers. Received: outputs='xor'"),
        ([0, float("nan")], "`outputs` must contain only finite numbers"),
        ([0, 10**400], "that contains only numbers"),
    ],
)
def test_wrong_answers_are_refused_in_a_sentence(answers, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        threshold_weights(answers)

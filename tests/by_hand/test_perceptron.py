"""Rosenblatt's rule step by step: the Keras perceptron's numbers, Novikoff's bound, XOR's circle."""

import math
from itertools import permutations, product

import keras
import numpy as np
import pytest
from scipy.optimize import minimize

from keras_session5.by_hand import cycle, novikoff_bound, perceptron_trace, threshold_weights
from keras_session5.errors import ArgumentError
from keras_session5.layers import HalfSquaredError
from keras_session5.models.perceptron import build_perceptron

ROWS = [[0, 0], [0, 1], [1, 0], [1, 1]]
AND, OR, NAND, NOR = [0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0]
XOR, XNOR = [0, 1, 1, 0], [1, 0, 0, 1]
SEPARABLE = [table for table in product((0, 1), repeat=4) if threshold_weights(table).separable]


def test_the_first_epoch_of_and_is_the_one_worked_out_by_hand():
    first = perceptron_trace(ROWS, AND).epochs[0]
    # From zero weights 0 >= 0 fires, wrongly; -1 does not fire for the others, wrongly for the last.
    assert [step.inputs for step in first] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert [step.target for step in first] == AND
    assert [step.prediction for step in first] == [1, 0, 0, 0]
    assert [step.mistake for step in first] == [True, False, False, True]
    assert [(*step.weights, step.bias) for step in first] == [(0, 0, -1), (0, 0, -1), (0, 0, -1), (1, 1, 0)]


@pytest.mark.parametrize("learning_rate", [1.0, 0.1])
@pytest.mark.parametrize("targets", [AND, NOR, XOR])
def test_weights_are_those_of_the_keras_perceptron_to_the_bit(targets, learning_rate):
    trace = perceptron_trace(ROWS, targets, learning_rate, epochs=6)
    model = build_perceptron(2)
    model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss=HalfSquaredError())
    for start in trace.starts[1:]:
        model.fit(
            np.array(ROWS, "float32"), np.array(targets)[:, None], batch_size=1, shuffle=False, verbose=0
        )
        kernel, bias = model.get_weights()
        assert (*kernel[:, 0].tolist(), *bias.tolist()) == start


@pytest.mark.parametrize("targets", SEPARABLE)
def test_separable_gates_are_learned_within_novikoffs_bound_in_every_order(targets):
    bound = novikoff_bound(ROWS, targets)
    for order in permutations(range(4)):
        trace = perceptron_trace([ROWS[i] for i in order], [targets[i] for i in order])
        assert trace.learned
        assert sum(trace.mistakes) <= bound
        # The rule ends at the first clean epoch, and its weights give every answer.
        assert [count == 0 for count in trace.mistakes] == [False] * (len(trace.mistakes) - 1) + [True]
        *w, b = trace.starts[-1]
        assert [int(np.dot(w, row) + b >= 0) for row in ROWS] == list(targets)
        assert cycle(trace) is None


def test_a_rate_only_scales_the_weights():
    whole, half = (perceptron_trace(ROWS, AND, rate) for rate in (1, 0.5))
    assert whole.mistakes == half.mistakes
    assert np.array_equal(np.array(whole.starts) / 2, half.starts)


def test_a_rate_whose_multiples_are_rounded_may_change_answers():
    # In float32 0.2 - 0.2 is not always zero, and zero would fire: two epochs fewer, by luck.
    assert perceptron_trace(ROWS, AND, 1.0).mistakes == (2, 3, 3, 2, 1, 0)
    assert perceptron_trace(ROWS, AND, 0.1).mistakes == (2, 3, 3, 0)


@pytest.mark.parametrize(("targets", "bound"), [(AND, 51), (NAND, 51), (OR, 27), (NOR, 27)])
def test_bounds_are_the_closed_forms(targets, bound):
    # R^2 = 3; gamma = 1/sqrt(17) for AND and NAND, 1/3 for OR and NOR.
    assert novikoff_bound(ROWS, targets) == pytest.approx(bound, rel=1e-9)


def test_the_margin_is_the_one_that_a_general_optimiser_finds():
    rng = np.random.default_rng(0)
    for _ in range(5):
        x = rng.normal(size=(12, 3))
        targets = (x @ rng.normal(size=3) + 0.3 > 0).astype(int)
        z = np.hstack([x, np.ones((12, 1))])
        g = np.where(targets == 1, 1, -1)[:, None] * z
        constraint = {"type": "ineq", "fun": lambda v, g=g: g @ v - 1}
        v = minimize(lambda v: v @ v, np.zeros(4), constraints=constraint, options={"maxiter": 1000}).x
        assert novikoff_bound(x, targets) == pytest.approx((z**2).sum(1).max() * (v @ v), rel=1e-4)


def test_two_opposite_examples_far_from_the_origin_take_one_mistake():
    rows = [[1e6], [-1e6]]
    assert novikoff_bound(rows, [1, 0]) == pytest.approx(1)
    assert sum(perceptron_trace(rows, [1, 0]).mistakes) == 1


@pytest.mark.parametrize("targets", [XOR, XNOR])
def test_what_is_not_separable_has_no_bound(targets):
    assert novikoff_bound(ROWS, targets) == math.inf


def test_the_same_example_with_two_answers_has_no_bound():
    assert novikoff_bound([[1, 2], [1, 2]], [0, 1]) == math.inf


@pytest.mark.parametrize("targets", [XOR, XNOR])
def test_xor_comes_round_with_four_mistakes_every_epoch(targets):
    trace = perceptron_trace(ROWS, targets)
    assert not trace.learned
    assert cycle(trace) == (2, 3)
    assert trace.starts[2] == trace.starts[3]
    assert set(trace.mistakes[2:]) == {4}
    assert len(set(trace.epochs[2:])) == 1  # every later epoch is the same, step by step


def test_the_weights_of_xor_are_the_ones_worked_out_by_hand():
    trace = perceptron_trace(ROWS, XOR)
    assert trace.mistakes[:4] == (3, 3, 4, 4)
    assert trace.starts[:4] == ((0, 0, 0), (-1, 0, -1), (-1, 0, 0), (-1, 0, 0))
    circle = [(*step.weights, step.bias) for step in trace.epochs[2]]
    assert circle == [(-1, 0, -1), (-1, 1, 0), (0, 1, 1), (-1, 0, 0)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_xor_comes_round_in_every_order(order):
    trace = perceptron_trace([ROWS[i] for i in order], [XOR[i] for i in order])
    i, j = cycle(trace)
    period = j - i
    assert trace.epochs[i:-period] == trace.epochs[j:]


def test_no_circle_is_claimed_before_the_weights_have_returned():
    assert cycle(perceptron_trace(ROWS, XOR, epochs=2)) is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([0, 1], [0, 1]), r"`inputs` must be an array of shape \(samples, n\)\. .* of shape \(2,\)"),
        ((ROWS, [0, 1]), r"`targets` must be an array of shape \(4,\)\. Received: targets of shape \(2,\)"),
        ((ROWS, [0, 1, 2, 0]), "`targets` must be 0 or 1"),
        ((ROWS, AND, 0), r"`learning_rate` must be a number above 0\. Received: learning_rate=0"),
        ((ROWS, AND, math.inf), "`learning_rate` must be a number above 0"),
        ((ROWS, AND, 1.0, 0), "`epochs` must be an integer of at least 1"),
        (([], []), "`inputs` must be an array of shape"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        perceptron_trace(*arguments)


def test_the_bound_refuses_what_the_rule_refuses():
    with pytest.raises(ArgumentError, match="`targets` must be 0 or 1"):
        novikoff_bound(ROWS, [0, 1, 2, 0])

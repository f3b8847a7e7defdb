"""The threshold unit and the perceptron of the page, against the Keras models and what is known of them."""

import re

import keras
import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.data.logic_gates.gates import GATES, ROWS

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import perceptron

SEPARABLE = [gate for gate in GATES if gate not in ("xor", "xnor")]


def cells(html):
    """The rows of a table, without its header."""
    return [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr.*?</tr>", html)[1:]]


@pytest.mark.parametrize(("gate", "weights", "threshold"), [("and", (1, 1), 2), ("nor", (-1, -1), 0)])
def test_the_truth_table_is_what_the_keras_unit_answers(gate, weights, threshold):
    model = s5.build("threshold_unit", weights=weights, threshold=threshold)
    expected = keras.ops.convert_to_numpy(model(np.array(ROWS, "float32")))[:, 0].astype(int)
    _, table, status = perceptron.draw_unit(gate, *weights, threshold)
    assert [int(row[3]) for row in cells(table)] == expected.tolist() == list(GATES[gate])
    assert "4 of 4 correct" in status
    assert "marked" not in table


def test_mistakes_are_counted_and_marked():
    _, table, status = perceptron.draw_unit("and", 1, 1, 1)  # that is OR
    assert "2 of 4 correct" in status
    assert "weights (1, 1), threshold 2" in status
    assert table.count('class="marked"') == 2


@pytest.mark.parametrize("gate", SEPARABLE)
def test_the_weights_that_are_shown_compute_the_gate_and_are_on_the_sliders(gate):
    w1, w2, threshold = perceptron.find_weights(gate)
    assert "4 of 4 correct" in perceptron.draw_unit(gate, w1, w2, threshold)[2]
    assert -2 <= w1 <= 2
    assert -2 <= w2 <= 2
    assert -3 <= threshold <= 3


@pytest.mark.parametrize("gate", ["xor", "xnor"])
def test_no_weights_are_shown_where_there_are_none(gate):
    assert all(isinstance(one, dict) and len(one) == 1 for one in perceptron.find_weights(gate))  # gr.skip()
    assert "not linearly separable" in perceptron.draw_unit(gate, 1, 1, 1)[2]


def test_every_step_is_that_of_rosenblatts_rule():
    trace = s5.by_hand.perceptron_trace(ROWS, GATES["and"])
    assert perceptron.count_steps("and") == 4 * len(trace.epochs)
    steps = [step for epoch in trace.epochs for step in epoch]
    for count in (1, 7, len(steps)):
        _, table, status = perceptron.draw_learning("and", count)
        shown, expected = cells(table)[-1], steps[count - 1]
        assert [float(x) for x in shown[-3:]] == [*expected.weights, expected.bias]
        assert f"**{sum(step.mistake for step in steps[:count])} mistakes in {count} steps.**" in status
    assert cells(perceptron.draw_learning("and", 0)[1]) == []


@pytest.mark.parametrize(("gate", "bound"), [("and", 51), ("nand", 51), ("or", 27), ("nor", 27)])
def test_the_mistakes_stay_below_novikoffs_bound(gate, bound):
    status = perceptron.draw_learning(gate, 1000)[2]
    mistakes, stated = (int(re.search(rf"{words} (\d+)", status)[1]) for words in ("ends after", "at most"))
    assert mistakes <= stated == bound


def test_xor_goes_round_for_ever():
    status = perceptron.draw_learning("xor", 1000)[2]
    first, second = s5.by_hand.cycle(s5.by_hand.perceptron_trace(ROWS, GATES["xor"]))
    assert f"epoch {second + 1} starts from the same weights as epoch {first + 1}" in status
    assert perceptron.count_steps("xor") == 4 * (2 * second - first)

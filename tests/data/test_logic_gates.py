"""The gates are the sixteen Boolean functions of two inputs."""

from itertools import product

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.data.logic_gates.gates import GATES, ROWS

FORMULAS = {
    "false": lambda a, b: False,
    "and": lambda a, b: a and b,
    "a_and_not_b": lambda a, b: a and not b,
    "a": lambda a, b: a,
    "b_and_not_a": lambda a, b: b and not a,
    "b": lambda a, b: b,
    "xor": lambda a, b: a != b,
    "or": lambda a, b: a or b,
    "nor": lambda a, b: not (a or b),
    "xnor": lambda a, b: a == b,
    "not_b": lambda a, b: not b,
    "b_implies_a": lambda a, b: not b or a,
    "not_a": lambda a, b: not a,
    "a_implies_b": lambda a, b: not a or b,
    "nand": lambda a, b: not (a and b),
    "true": lambda a, b: True,
}


def test_there_are_all_sixteen():
    assert set(GATES.values()) == set(product((0, 1), repeat=4))


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_answers_as_its_formula(gate):
    assert GATES[gate] == tuple(int(FORMULAS[gate](a, b)) for a, b in ROWS)


@pytest.mark.parametrize("gate", ["and", "xor"])
def test_a_loaded_gate_is_its_truth_table_in_both_splits(gate, data_dir):
    data = load_data(f"logic_gates/{gate}", data_dir)
    for split in (data.train, data.test):
        np.testing.assert_array_equal(split.inputs, [[0, 0], [0, 1], [1, 0], [1, 1]])
        np.testing.assert_array_equal(split.labels, GATES[gate])
        assert (split.inputs.dtype, split.labels.dtype) == (np.float32, np.int32)
    assert (data.modality, data.validation, data.alphabet) == ("vector", None, "")
    assert data.class_names == ("0", "1")
    assert data.source == f"TFDS logic_gates/{gate}/1.0.0"

"""The part as a whole: its list of names, its examples, what importing it costs, and JAX."""

import doctest
import os
import subprocess
import sys
from importlib import import_module

import pytest

from keras_session5 import by_hand


@pytest.mark.parametrize(
    "name",
    ["threshold", "perceptron", "xor", "backpropagation", "convolution", "attention", "byte_pairs", "spans"],
)
def test_examples_run(name):
    found = doctest.testmod(import_module(f"keras_session5.by_hand.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_everything_public_can_be_had_and_is_listed():
    for name in by_hand.__all__:
        assert getattr(by_hand, name) is not None
        assert name in dir(by_hand)
    with pytest.raises(AttributeError, match="nothing"):
        getattr(by_hand, "nothing")  # noqa: B009 - the error is the point


@pytest.mark.parametrize(
    "names",
    [
        "",
        "threshold_weights",
        "perceptron_trace, b.novikoff_bound, b.cycle",
        "NumpyMLP, b.scaled_dot_product_attention",
        "learn_byte_pairs, b.apply_byte_pairs",
    ],
)
def test_what_needs_no_keras_imports_none(names):
    code = f"import keras_session5.by_hand as b; {'b.' + names if names else 'b'}"
    check = f"{code}; import sys; sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras')))"
    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.mark.jax
def test_it_works_under_jax():
    pytest.importorskip("jax")
    code = """
import keras, numpy as np
from keras_session5.by_hand import KERNELS, feature_map, pool, solve_xor
from keras_session5.models.threshold_unit import build_xor_circuit
assert keras.backend.backend() == "jax"
rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
for model in (solve_xor(), build_xor_circuit()):
    assert np.asarray(model(rows))[:, 0].tolist() == [0, 1, 1, 0]
assert feature_map([[1, 2, 3], [4, 5, 6]], [[0, 1]]).tolist() == [[2, 3], [5, 6]]
assert pool([[1, 2], [3, 4]], mode="average").tolist() == [[2.5]]
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "KERAS_BACKEND": "jax"})

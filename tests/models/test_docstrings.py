"""The examples in the docstrings run."""

import doctest
from importlib import import_module

import pytest

MODULES = [
    "catalog",
    "layers.losses",
    *(
        f"models.{name}"
        for name in ("perceptron", "mlp_xor", "mlp", "lenet5", "simple_rnn", "transformer_encoder")
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    found = doctest.testmod(import_module(f"keras_session5.{name}"))
    assert found.attempted > 0
    assert found.failed == 0

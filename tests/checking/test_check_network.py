"""`session5 check --network`: a sound network has no finding, and each fault is found and named."""

import json
import sys

import keras
import numpy as np
import pytest
from keras import layers

import keras_session5 as s5
from keras_session5 import catalog
from keras_session5.cli import main

TENSORS = {
    "inputs": {"inputs": s5.Tensor("float32", (None, 2))},
    "outputs": {"probability": s5.Tensor("float32", (None, 1))},
}


@pytest.fixture
def check(monkeypatch, capsys):
    """Arguments -> exit status and standard output."""

    def check(*arguments):
        monkeypatch.setattr(sys, "argv", ["session5", "check", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
        return status, capsys.readouterr().out

    return check


def network(builder, parameters=13, **changes):
    """The entry of a network for XOR."""
    settings = {
        "name": "mine", "title": "Mine", "year": 2026, "paper": "-", "slide": "-", "modality": "vector",
        "data": "logic_gates/xor", "recipe": s5.Recipe(loss="binary_crossentropy", batch_size=4),
    }  # fmt: skip
    return s5.Network(builder=builder, parameters=parameters, **TENSORS, **(settings | changes))


@pytest.fixture
def find(check):
    """Entry -> exit status and what is found of it as (severity, what)."""

    def find(entry):
        s5.register(entry)
        try:
            status, printed = check("--network", entry.name, "--json")
        finally:
            del catalog._networks[entry.name]
        found = json.loads(printed)
        assert found["network"] == entry.name
        assert all(one["where"] and one["why"] and one["mend"] for one in found["findings"])
        return status, [(one["severity"], one["what"]) for one in found["findings"]]

    return find


def build(*extra, **dense):
    """A network of three units for XOR, with further layers behind them."""
    inputs = keras.Input((2,), name="inputs")
    x = layers.Dense(3, activation="tanh", **dense)(inputs)
    for layer in extra:
        x = layer(x)
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="probability")(x))


def test_a_network_of_the_catalogue_is_sound(check):
    status, printed = check("--network", "mlp_xor")
    assert (status, printed) == (0, "0 errors, 0 warnings, 0 notes\n")


def test_a_network_that_is_registered_is_sound(find):
    assert find(network(lambda: build(layers.Dropout(0.5)))) == (0, [])


def test_a_network_without_data_is_only_built_and_saved(find):
    entry = network(lambda: build(), data=None, modality=None, recipe=None, untrained="It is counted.")
    assert find(entry) == (0, [])


@keras.saving.register_keras_serializable("tests")
class Noise(layers.Layer):
    """Adds noise that no seed of Keras decides."""

    def call(self, x):
        return x + np.random.default_rng().normal(size=3).astype("float32")


class Unregistered(layers.Layer):
    def call(self, x):
        return x


@keras.saving.register_keras_serializable("tests")
class Forgetful(layers.Layer):
    """Forgets its argument when it is saved."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self):
        return {"name": self.name}

    def call(self, x):
        return self.factor * x


@keras.saving.register_keras_serializable("tests")
class Counting(layers.Layer):
    """Depends on a number of calls that is no weight, so that no checkpoint has it."""

    def build(self, shape):
        import tensorflow as tf

        self.count = tf.Variable(0.0, trainable=False)

    def call(self, x, training=False):
        return x * (1 + self.count.assign_add(1.0)) if training else x


@keras.saving.register_keras_serializable("tests")
class Centred(layers.Layer):
    """Subtracts the mean of the batch, in inference mode too."""

    def call(self, x):
        return x - keras.ops.mean(x, axis=0, keepdims=True)


@keras.saving.register_keras_serializable("tests")
class Undefined(layers.Layer):
    def call(self, x):
        return keras.ops.log(-1 - keras.ops.square(x))


@keras.saving.register_keras_serializable("tests")
class Random(layers.Layer):
    """Draws at random in inference mode."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), seed=self.seed_generator)


def not_seeded():
    return build(bias_initializer=lambda shape, dtype: np.random.default_rng().normal(size=shape))


def fails():
    raise ValueError("no such size")


FAULTS = {
    "a builder that fails": (network(fails), "error", "cannot be built: no such size"),
    "no functional model": (
        network(lambda: keras.layers.Dense(1)),
        "error",
        "is not a functional keras.Model but Dense",
    ),
    "another number of parameters": (
        network(build, parameters=14), "error", "has 13 parameters, and its entry says 14"
    ),
    "another input": (
        network(lambda: keras.Model(x := keras.Input((2,), name="x"), build()(x))),
        "error",
        "has the inputs x float32 (None, 2), and its entry says inputs float32 (None, 2)",
    ),
    "weights without a seed": (
        network(not_seeded), "error", "has other weights when it is built again from the same seed"
    ),
    "an unregistered class": (
        network(lambda: build(Unregistered())), "error", "cannot be saved and loaded again: Could not locate"
    ),
    "an argument that is not saved": (
        network(lambda: build(Forgetful(2.0))), "error", "answers differently after it was saved and loaded"
    ),
    "a loss that is no number": (
        network(lambda: build(Undefined())), "error", "cannot be trained: The loss became nan"
    ),
    "randomness in training": (
        network(lambda: build(Noise())), "error", "trains differently from the same seed"
    ),
    "state that no checkpoint has": (
        network(lambda: build(Counting())), "error", "ends with other weights when its training is"
    ),
    "randomness in inference": (
        network(lambda: build(Random())), "error", "cannot be exported: The signature serving_default"
    ),
    "rows that depend on each other": (
        network(lambda: build(Centred())), "warning", "answers a row differently alone and in a batch"
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault, find):
    entry, severity, what = FAULTS[fault]
    status, found = find(entry)
    assert any(one == severity and text.startswith(what) for one, text in found), found
    assert status == (severity == "error")


def test_a_path_beside_a_network_and_an_unknown_network_are_wrong_usage(check, tmp_path):
    assert check(tmp_path, "--network", "mlp_xor")[0] == 2
    assert check("--network", "mlp_xr")[0] == 2

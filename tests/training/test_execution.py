"""Compiled programs of several steps: what they compute, what is recorded, and what happens without XLA."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_session5 as s5
from keras_session5.catalog import NETWORKS, Recipe
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError
from keras_session5.tasks import task_of
from keras_session5.training import backend, device, fit
from keras_session5.training.batches import epoch_batches, steps_per_epoch
from keras_session5.training.examples import Examples
from keras_session5.training.execution import Execution

RECIPE = Recipe(optimizer="sgd", learning_rate=0.1, batch_size=100, epochs=2)


def make(jit_compile=False, recipe=RECIPE):
    entry = NETWORKS["mlp"]
    task = task_of(entry, load_data("digits"))
    model = fit.compiled_model(entry, {"num_classes": 10, "dropout": 0.0}, recipe, task, 0, jit_compile)
    return model, task


def run(model, task, steps, recipe=RECIPE):
    with Execution(model, task, recipe, steps) as execution:
        data = execution.training(seed=3, first_epoch=0)
        count = steps_per_epoch(recipe, task.train)
        history = model.fit(data, steps_per_epoch=count, epochs=2, shuffle=False, verbose=0).history
    return execution.record(), history


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("steps", [1, 4])
def test_its_weights_are_those_of_a_plain_loop_over_the_batches(steps, jit_compile):
    """The last batch has 98 of 100 rows, and the last chunk a single batch of four."""
    model, task = make(jit_compile)
    record, history = run(model, task, steps)
    plain, _ = make()
    plain.compile(keras.optimizers.SGD(0.1), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in range(2):
        right = 0
        for rows in epoch_batches(RECIPE, task.train, np.random.default_rng([3, epoch])):
            logs = plain.train_on_batch(task.train.inputs[rows], task.train.labels[rows], return_dict=True)
            right += logs["accuracy"] * len(rows)
        assert history["accuracy"][epoch] == pytest.approx(right / len(task.train), abs=1e-6)
    for found, expected in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-6)
    assert record["jit_compile"] is jit_compile
    assert record["program"]["steps_per_execution"] == steps
    assert ("module" in record["program"]) is jit_compile


def test_examples_that_do_not_fit_the_device_are_streamed_and_train_the_same(monkeypatch):
    resident, task = make()
    run(resident, task, 4)
    monkeypatch.setattr("keras_session5.training.device.memory_bytes", lambda: 1000)
    streamed, task = make()
    assert not Examples(task, task.train, compiled=False).resident
    run(streamed, task, 4)
    assert [w.tobytes() for w in streamed.get_weights()] == [w.tobytes() for w in resident.get_weights()]


def test_afterwards_the_model_fits_and_evaluates_as_any_other():
    model, task = make()
    run(model, task, 4)
    inputs, labels = task.train.inputs[:50], task.train.labels[:50]
    assert model.evaluate(inputs, labels, verbose=0, return_dict=True)["accuracy"] > 0.3
    model.fit(inputs, labels, batch_size=7, verbose=0)
    assert model.predict(inputs, batch_size=9, verbose=0).shape == (50, 10)


def test_texts_are_trimmed_to_the_longest_of_their_class():
    entry = NETWORKS["gpt"]
    task = task_of(entry, load_data("place_names"))
    examples = Examples(task, task.train, compiled=True)
    assert len(examples.widths) == 3
    for width, columns in zip(examples.widths, examples.trimmed, strict=True):
        rows = examples.lengths <= width
        longest = task.train.inputs[rows].any(axis=0).nonzero()[0].max() + 1
        assert (
            columns.tolist() == [longest + 1] * 3
        )  # inputs, targets and weights, with the begin or end token


class Written(keras.layers.Layer):
    """The identity, by way of strings, which XLA does not know."""

    def call(self, x):
        return x + 0 * tf.strings.to_number(tf.strings.as_string(x))


def test_a_layer_that_xla_cannot_compile_turns_it_off_and_is_named(caplog):
    _, task = make()
    image = keras.Input((28, 28, 1))
    x = Written(name="written")(keras.layers.Flatten()(image))
    model = keras.Model(image, keras.layers.Dense(10, activation="softmax")(x))
    model.compile("sgd", **task.compile_arguments(RECIPE), jit_compile=True)
    model.optimizer.build(model.trainable_variables)
    record, history = run(model, task, 4)
    assert record["jit_compile"] is False
    assert "written" in record["xla_fallback"]
    assert "XLA cannot compile the operation" in caplog.text
    assert len(history["loss"]) == 2
    assert int(model.optimizer.iterations) == 18  # all steps, the failed compilation not among them


def test_a_run_records_what_ran_and_how_long_each_epoch_took(tmp_path):
    result = s5.train("mlp", epochs=3, xla="on", runs_dir=tmp_path, verbose=0, dashboard=False)
    record = json.loads((result.run_dir / "run.json").read_text())
    assert result.jit_compile is record["jit_compile"] is True
    assert math.isfinite(result.metrics["loss"])
    assert record["backend"] == "tensorflow"
    assert len(record["epoch_seconds"]) == 3
    assert sum(record["epoch_seconds"]) + record["compile_seconds"] <= record["seconds"] + 0.5
    assert record["program"]["compiler"] == "XLA"
    assert record["program"]["instructions"] > 100
    assert record["program"]["steps_per_execution"] == 16


@pytest.mark.parametrize(
    ("xla", "name", "steps", "expected"),
    [
        ("auto", "mlp", 10_000, True),
        ("auto", "mlp", 100, False),
        ("auto", "lenet5", 10_000, False),
        ("on", "lenet5", 1, True),
        ("off", "mlp", 10_000, False),
    ],
)
def test_on_a_cpu_xla_is_for_networks_and_trainings_that_it_makes_faster(xla, name, steps, expected):
    assert device.jit_compile(xla, NETWORKS[name], steps) is expected


def test_a_process_that_imported_keras_cannot_choose_another_backend(tmp_path, monkeypatch):
    backend.choose("tensorflow")
    backend.choose(None)
    with pytest.raises(ArgumentError, match=r"`backend` must be one of tensorflow, jax"):
        s5.train("mlp", backend="jux", runs_dir=tmp_path)
    with monkeypatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        with pytest.raises(ArgumentError, match=r"`KERAS_BACKEND` must be one of tensorflow, jax"):
            s5.train("mlp", runs_dir=tmp_path)
    pytest.importorskip("jax")
    with pytest.raises(ArgumentError, match=r"`backend` must be 'tensorflow'.* KERAS_BACKEND=jax"):
        s5.train("mlp", backend="jax", runs_dir=tmp_path)

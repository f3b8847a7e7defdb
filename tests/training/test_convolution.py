"""Convolution and pooling in the form for XLA on a CPU: the same values and gradients as Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_session5.catalog import NETWORKS
from keras_session5.data import load_data
from keras_session5.tasks import task_of
from keras_session5.training import fit
from keras_session5.training.convolution import made_fast_on_cpu
from keras_session5.training.execution import Execution


def both(model, images):
    """Returns outputs and gradients of all weights and of the images, as Keras computes them and changed."""
    images = tf.constant(images)

    def compute():
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = model(images)
            waves = tf.cos(tf.range(tf.size(outputs), dtype=tf.float32))
            loss = tf.reduce_sum(outputs * tf.reshape(waves, outputs.shape))
        return [outputs, *tape.gradient(loss, [images, *model.trainable_variables])]

    model(images)
    expected = compute()
    with made_fast_on_cpu(model):
        found = compute()
    assert not any({"convolution_op", "call"} & set(vars(layer)) for layer in model.layers)
    return zip(found, expected, strict=True)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kernel", [(1, 1), (2, 3), (4, 2), (5, 5), (3, 7)])
def test_a_product_with_a_band_matrix_is_the_convolution(kernel, padding):
    x = keras.Input((9, 8, 2))
    flat = layers.Flatten()(layers.Conv2D(3, kernel, padding=padding, activation="tanh")(x))
    model = keras.Model(x, flat)
    images = np.random.default_rng(0).normal(size=(4, 9, 8, 2)).astype("float32")
    for found, expected in both(model, images):
        np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("size", [2, 3, (1, 4)])
def test_the_maximum_of_tiles_is_the_pooling(size):
    """Sides that the tiles do not divide lose their rest, as in Keras. No two numbers are equal."""
    x = keras.Input((9, 8, 2))
    model = keras.Model(x, layers.Flatten()(layers.MaxPooling2D(size)(x)))
    images = np.random.default_rng(0).permutation(4 * 9 * 8 * 2).reshape(4, 9, 8, 2).astype("float32")
    for found, expected in both(model, images):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "layer",
    [
        layers.Conv2D(4, 3, strides=2),
        layers.Conv2D(4, 3, dilation_rate=2),
        layers.Conv2D(4, 3, groups=2),
        layers.Conv2D(4, 1),  # of an image too wide for a band matrix
        layers.MaxPooling2D(3, strides=2),
        layers.MaxPooling2D(2, padding="same"),
    ],
)
def test_other_layers_stay_as_they_are(layer):
    x = keras.Input((None, 9, 2))
    model = keras.Model(x, layers.GlobalAveragePooling2D()(layer(x)))
    images = np.random.default_rng(0).normal(size=(4, 9, 9, 2)).astype("float32")
    for found, expected in both(model, images):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("jit_compile", "name"), [(True, "CPU"), (False, "CPU"), (True, "GPU:0")])
def test_only_programs_that_xla_compiles_for_a_cpu_are_changed(jit_compile, name, monkeypatch):
    monkeypatch.setattr("keras_session5.training.device.name", lambda: name)
    entry = NETWORKS["lenet5"]
    task = task_of(entry, load_data("digits"))
    model = fit.compiled_model(entry, {}, entry.recipe_for("digits"), task, 0, jit_compile)
    with Execution(model, task):
        changed = {layer.name for layer in model.layers if {"convolution_op", "call"} & set(vars(layer))}
    assert changed == ({"c1", "s2", "c3", "s4", "c5"} if jit_compile and name == "CPU" else set())

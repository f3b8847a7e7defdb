"""The worked example of back-propagation against plain arithmetic, and against Keras."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from keras_session5.by_hand import NumpyMLP, backpropagation_example, backpropagation_step
from keras_session5.errors import ArgumentError


def example():
    return backpropagation_step(backpropagation_example(), [1, 0.5], 1, learning_rate=0.5)


def test_the_numbers_of_the_example_are_those_of_plain_arithmetic():
    step = example()
    z1, z2 = 1 * 0.4 + 0.5 * 0.8 + 0.2, 1 * -0.6 + 0.5 * 0.2 + 0
    a1, a2 = 1 / (1 + math.exp(-z1)), 1 / (1 + math.exp(-z2))
    z = a1 * -1 + a2 * 2 - 0.5
    p = 1 / (1 + math.exp(-z))
    delta = p - 1
    d1, d2 = delta * -1 * a1 * (1 - a1), delta * 2 * a2 * (1 - a2)
    np.testing.assert_allclose(np.concatenate(step.sums), [z1, z2, z])
    np.testing.assert_allclose(np.concatenate(step.activations), [a1, a2, p])
    np.testing.assert_allclose(np.concatenate(step.deltas), [d1, d2, delta])
    assert step.loss == pytest.approx(-math.log(p))
    np.testing.assert_allclose(step.gradients[0][0], [[d1, d2], [0.5 * d1, 0.5 * d2]])
    np.testing.assert_allclose(step.gradients[1][0], [[a1 * delta], [a2 * delta]])
    np.testing.assert_allclose(step.updated[1][0], [[-1 - 0.5 * a1 * delta], [2 - 0.5 * a2 * delta]])
    np.testing.assert_allclose(step.updated[1][1], [-0.5 - 0.5 * delta])


def test_the_lessons_numbers():
    step = example()
    assert [z.round(3).tolist() for z in step.sums] == [[1, -0.5], [-0.476]]
    assert [a.round(3).tolist() for a in step.activations] == [[0.731, 0.378], [0.383]]
    assert [delta.round(3).tolist() for delta in step.deltas] == [[0.121, -0.29], [-0.617]]
    network = backpropagation_example()
    network.weights = step.updated
    after = backpropagation_step(network, [1, 0.5], 1, learning_rate=0.5)
    assert (round(step.loss, 3), round(after.loss, 3)) == (0.959, 0.585)
    assert after.activations[1].round(3).tolist() == [0.557]


def test_keras_has_the_same_gradients_and_takes_the_same_step():
    import tensorflow as tf

    step = example()
    inputs = keras.Input((2,), dtype="float64")
    hidden = keras.layers.Dense(2, activation="sigmoid", dtype="float64")(inputs)
    outputs = keras.layers.Dense(1, activation="sigmoid", dtype="float64")(hidden)
    twin = keras.Model(inputs, outputs)
    twin.set_weights([array for layer in step.weights for array in layer])
    with tf.GradientTape() as tape:
        loss = ops.mean(ops.binary_crossentropy(np.array([[1.0]]), twin(np.array([[1, 0.5]]))))
    gradients = tape.gradient(loss, twin.trainable_weights)
    assert float(loss) == pytest.approx(step.loss, abs=1e-6)
    mine = [array for layer in step.gradients for array in layer]
    for found, expected in zip(mine, gradients, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    keras.optimizers.SGD(0.5).apply(gradients, twin.trainable_weights)
    for found, expected in zip(step.updated, zip(*[iter(twin.get_weights())] * 2, strict=True), strict=True):
        np.testing.assert_allclose(found[0], expected[0], atol=1e-6)
        np.testing.assert_allclose(found[1], expected[1], atol=1e-6)


def test_the_network_keeps_its_weights_and_would_take_the_same_step():
    network = NumpyMLP((3, 4, 3), "tanh", seed=2)
    step = backpropagation_step(network, [1, -1, 2], 2, learning_rate=0.1)
    for (w, b), (old_w, old_b) in zip(network.weights, step.weights, strict=True):
        assert np.array_equal(w, old_w)
        assert np.array_equal(b, old_b)
    network.step([[1, -1, 2]], [2], learning_rate=0.1)
    for (w, b), (new_w, new_b) in zip(network.weights, step.updated, strict=True):
        np.testing.assert_allclose(w, new_w)
        np.testing.assert_allclose(b, new_b)


def test_wrong_arguments_are_refused():
    with pytest.raises(ArgumentError, match="`inputs` must be an array of shape"):
        backpropagation_step(backpropagation_example(), [1, 2, 3], 1, learning_rate=0.5)
    with pytest.raises(ArgumentError, match="`learning_rate` must be a number above 0"):
        backpropagation_step(backpropagation_example(), [1, 2], 1, learning_rate=0)

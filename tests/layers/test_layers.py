"""The custom layers against closed forms and hand-worked numbers."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_session5.layers import (
    HalfSquaredError,
    MaskedMaxPooling,
    SinusoidalPositions,
    sinusoidal_positions,
    step,
)


def gradient(function, x):
    import tensorflow as tf

    x = tf.constant(x, "float32")
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


def test_step_fires_at_zero_and_above_exactly():
    x = np.array([-1e30, -1e-30, -0.0, 0.0, 1e-30, 0.3, 1e30], "float32")
    assert step(x).numpy().tolist() == [0, 0, 1, 1, 1, 1, 1]


def test_step_answers_what_is_not_finite():
    x = np.array([np.inf, -np.inf, np.nan], "float32")
    assert step(x).numpy().tolist() == [1, 0, 0]


def test_the_gradient_of_step_is_passed_straight_through():
    assert gradient(step, [-2.0, 0.0, 3.0]).tolist() == [1, 1, 1]


def test_half_squared_error_and_its_gradient_are_those_of_the_rule():
    loss = HalfSquaredError()
    assert float(loss([[1.0], [0.0]], [[0.0], [0.0]])) == 0.25  # mean over rows of 1/2 and 0
    assert gradient(lambda p: loss(np.array([[1.0]], "float32"), p), [[0.25]]).tolist() == [[-0.75]]
    assert isinstance(keras.losses.deserialize(keras.losses.serialize(loss)), HalfSquaredError)


def test_positions_are_those_of_the_paper():
    expected = [[0, 1, 0, 1], [0.841471, 0.540302, 0.01, 0.99995], [0.909297, -0.416147, 0.019999, 0.9998]]
    np.testing.assert_allclose(sinusoidal_positions(3, 4), expected, atol=1e-6)


def test_an_odd_width_ends_with_a_sine():
    np.testing.assert_array_equal(sinusoidal_positions(5, 3), sinusoidal_positions(5, 3)[:, :3])
    assert sinusoidal_positions(5, 3).shape == (5, 3)
    np.testing.assert_allclose(
        sinusoidal_positions(5, 3)[:, 2], np.sin(np.arange(5) / 10000 ** (2 / 3)), atol=1e-6
    )


def test_positions_are_added_to_sequences_of_any_length():
    layer = SinusoidalPositions(max_length=10)
    for length in (1, 10):
        np.testing.assert_allclose(layer(ops.zeros((2, length, 6)))[1], sinusoidal_positions(length, 6))


def test_a_sequence_longer_than_the_positions_is_refused():
    with pytest.raises(Exception, match="11"):
        SinusoidalPositions(max_length=10)(ops.zeros((1, 11, 6)))


STEPS = np.array([[[1.0, -5.0], [3.0, -7.0], [100.0, 100.0]]], "float32")
MASK = np.array([[True, True, False]])


def test_pooling_leaves_out_what_the_mask_hides():
    assert MaskedMaxPooling()(STEPS, mask=MASK).numpy().tolist() == [[3, -5]]
    assert keras.layers.GlobalAveragePooling1D()(STEPS, mask=MASK).numpy().tolist() == [[2, -6]]


def test_pooling_without_a_mask_takes_every_step():
    np.testing.assert_array_equal(MaskedMaxPooling()(STEPS), STEPS.max(1))


def test_pooling_nothing_gives_finite_numbers():
    assert np.isfinite(MaskedMaxPooling()(STEPS, mask=np.zeros((1, 3), bool))).all()


@pytest.mark.parametrize("layer", [MaskedMaxPooling(name="p"), SinusoidalPositions(7, name="s")])
def test_layers_survive_their_config(layer):
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert again.get_config() == layer.get_config()

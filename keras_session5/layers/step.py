"""The perceptron's activation: a step that learns as if it were the identity."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
def step(x):
    """Heaviside step, 1 where `x >= 0` and 0 elsewhere, whose gradient is passed straight through.

    With half the squared error as loss, the straight-through gradient makes plain gradient descent
    Rosenblatt's rule: dL/dz = (prediction - target) * 1.

    Args:
        x: float tensor of any shape.

    Returns:
        Tensor of the same shape and dtype with values 0 and 1, exactly; 0 for NaN.

    Reference:
        Bengio, Leonard, Courville (2013), "Estimating or Propagating Gradients Through Stochastic
        Neurons", for the straight-through estimator.
    """
    fires = ops.cast(ops.greater_equal(x, 0), x.dtype)
    # x - x is exactly zero, so the value is that of the step and the gradient that of x. The more
    # usual x + stop_gradient(fires - x) rounds, and 0.9999999 is no answer of a threshold unit.
    zero = ops.where(ops.isfinite(x), x - ops.stop_gradient(x), 0)  # inf - inf would be no number
    return ops.stop_gradient(fires) + zero

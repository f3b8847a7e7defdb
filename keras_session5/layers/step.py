"""The perceptron's activation: a step with the gradient of the identity."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
def step(x: Any) -> Any:
    """Computes the Heaviside step, 1 where `x >= 0` and 0 elsewhere, with a straight-through gradient.

    With `HalfSquaredError` as the loss, gradient descent is then Rosenblatt's rule:
    dL/dz = (prediction - target) * 1.

    Args:
        x: float tensor of any shape.

    Returns:
        Tensor of the same shape and dtype with values of exactly 0 or 1; 0 for NaN.

    Reference:
        Bengio, Leonard, Courville (2013), "Estimating or Propagating Gradients Through Stochastic
        Neurons", for the straight-through estimator.
    """
    fires = ops.cast(ops.greater_equal(x, 0), x.dtype)
    # x - x is exactly zero, so the value is that of the step and the gradient that of x. The more
    # common x + stop_gradient(fires - x) may round to 0.9999999.
    zero = ops.where(ops.isfinite(x), x - ops.stop_gradient(x), 0)  # inf - inf would be NaN
    return ops.stop_gradient(fires) + zero

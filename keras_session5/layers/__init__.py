"""The few Keras layers and functions that the functional API lacks."""

from keras_session5.layers.losses import HalfSquaredError
from keras_session5.layers.pooling import MaskedPooling
from keras_session5.layers.positions import SinusoidalPositions, sinusoidal_positions
from keras_session5.layers.step import step

__all__ = ["HalfSquaredError", "MaskedPooling", "SinusoidalPositions", "sinusoidal_positions", "step"]

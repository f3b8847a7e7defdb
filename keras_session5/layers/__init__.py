"""The few Keras layers and functions that the functional API lacks."""

from keras_session5.layers.attention import AttentionStep, CausalAttention
from keras_session5.layers.class_token import ClassToken
from keras_session5.layers.gelu_tanh import gelu_tanh
from keras_session5.layers.losses import HalfSquaredError
from keras_session5.layers.partial_convolution import PartialConv2D
from keras_session5.layers.pooling import MaskedMaxPooling
from keras_session5.layers.positions import LearnedPositions, SinusoidalPositions, sinusoidal_positions
from keras_session5.layers.radial_basis import RadialBasis
from keras_session5.layers.scaled_tanh import scaled_tanh
from keras_session5.layers.step import step
from keras_session5.layers.token_mean import TokenMean
from keras_session5.layers.wiring import RandomWiring

__all__ = [
    "AttentionStep",
    "CausalAttention",
    "ClassToken",
    "HalfSquaredError",
    "LearnedPositions",
    "MaskedMaxPooling",
    "PartialConv2D",
    "RadialBasis",
    "RandomWiring",
    "SinusoidalPositions",
    "TokenMean",
    "gelu_tanh",
    "scaled_tanh",
    "sinusoidal_positions",
    "step",
]

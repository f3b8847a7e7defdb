"""Noisy waves to forecast, with random or fixed periods, as a TFDS data set."""

import numpy as np
import tensorflow_datasets as tfds

from keras_session5.data.builder import GeneratedBuilder
from keras_session5.data.waves.signals import NUM_FUTURE, NUM_INPUTS, VARIANTS


class Builder(GeneratedBuilder):
    """8,000 + 1,000 + 2,000 sums of three sines with noise of variance 0.01: 50 values and the next 20.

    A linear autoregression on the 50 values, fitted by least squares, forecasts the next value with a mean
    squared error of 1.2 times the variance of the noise if the periods are fixed; the excess comes from
    estimating phases and amplitudes from noisy values. With random periods the error is 3.1 times the
    variance, because one set of weights cannot fit all periods. A network can improve on it by at most the
    difference.
    """

    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=variant, description=f"Sums of three sines with {variant} periods")
        for variant in VARIANTS
    ]
    DESCRIPTION = "Sums of three sines with noise."
    FEATURES = {
        "series": tfds.features.Tensor(shape=(NUM_INPUTS, 1), dtype=np.float32),
        "future": tfds.features.Tensor(shape=(NUM_FUTURE,), dtype=np.float32),
    }

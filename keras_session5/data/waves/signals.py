"""Noisy sums of three sines, to be split into inputs and values to forecast."""

import numpy as np

NUM_INPUTS = 50
NUM_FUTURE = 20
NUM_SINES = 3
NOISE_SD = 0.1  # the least mean squared error of a forecast is therefore 0.01

VARIANTS = ("random", "fixed")
FIXED_PERIODS = (16.0, 24.0, 36.0)  # steps; each is 3/2 of the previous one
PERIOD_RANGE = (8.0, 40.0)  # steps: the inputs contain 1.25 to 6.25 periods of each sine
AMPLITUDE_RANGE = (0.2, 1.0)  # every sine stands out from the noise


def make_waves(variant: str, num_waves: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Generates N waves without and with noise.

    The noise is independent at each step, with a standard deviation of 0.1. With amplitudes a, the mean
    square of a wave is 3 E[a^2] / 2 = 0.62, a root mean square of 0.8.

    Args:
        variant: "random" draws a period for each sine of each wave; "fixed" uses the same three periods for
            all waves. Amplitudes and phases are random in both.
        num_waves: number of waves, N.
        seed: the same seed gives the same waves.

    Returns:
        The signal without and with noise, each (N, 70) float32: 50 inputs and 20 values to forecast.
    """
    rng = np.random.default_rng([VARIANTS.index(variant), seed])
    shape = (num_waves, NUM_SINES, 1)
    amplitudes = rng.uniform(*AMPLITUDE_RANGE, shape)
    phases = rng.uniform(0, 2 * np.pi, shape)
    periods = rng.uniform(*PERIOD_RANGE, shape)
    if variant == "fixed":
        periods = np.reshape(FIXED_PERIODS, (1, NUM_SINES, 1))
    steps = np.arange(NUM_INPUTS + NUM_FUTURE)
    signal = (amplitudes * np.sin(2 * np.pi * steps / periods + phases)).sum(axis=1)
    noise = rng.normal(0, NOISE_SD, signal.shape)
    return signal.astype(np.float32), (signal + noise).astype(np.float32)

"""The samples of `waves`."""

import numpy as np

from keras_session5.data.waves.signals import NUM_INPUTS, make_waves

_NUM_WAVES = {"train": 8_000, "validation": 1_000, "test": 2_000}
_SEEDS = {"train": 1, "validation": 2, "test": 3}


def make_examples(variant: str) -> dict[str, dict[str, np.ndarray]]:
    """Returns split -> the columns "series" and "future"."""
    examples = {}
    for split, num_waves in _NUM_WAVES.items():
        _, waves = make_waves(variant, num_waves, _SEEDS[split])
        examples[split] = {"series": waves[:, :NUM_INPUTS, None], "future": waves[:, NUM_INPUTS:]}
    return examples

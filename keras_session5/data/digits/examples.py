"""The samples of `digits`."""

import numpy as np

from keras_session5.data.digits.scaling import scale_to_28x28

_NUM_TRAIN = 898  # the split of scikit-learn's documentation, for which others report results


def make_examples(variant: str | None) -> dict[str, dict[str, np.ndarray]]:
    """Returns split -> the columns "image" and "label"; there are no variants."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = scale_to_28x28(digits.images)
    rows = {"train": slice(_NUM_TRAIN), "test": slice(_NUM_TRAIN, None)}
    return {split: {"image": images[i], "label": digits.target[i]} for split, i in rows.items()}

"""The samples of `logic_gates`."""

import numpy as np

from keras_session5.data.logic_gates.gates import GATES, ROWS


def make_examples(variant: str) -> dict[str, dict[str, np.ndarray]]:
    """Returns split -> the columns "vector" and "label" of a gate."""
    return {
        split: {"vector": np.array(ROWS, np.float32), "label": np.array(GATES[variant])}
        for split in ("train", "test")
    }

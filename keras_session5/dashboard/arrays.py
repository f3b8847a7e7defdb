"""Tensors as arrays, and what an array holds."""

from typing import Any

import keras
import numpy as np


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def is_text(inputs: np.ndarray) -> bool:
    """Whether these inputs of a data set are the ids of characters."""
    return inputs.dtype == np.int32

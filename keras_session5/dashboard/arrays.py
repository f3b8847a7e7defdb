"""Tensors as arrays."""

from typing import Any

import keras
import numpy as np


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))

"""Functions compiled by the backend: an eager decoding loop takes a hundred times as long."""

from collections.abc import Callable
from typing import Any

import numpy as np


def trace(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a function of tensors; the compiled function takes and returns arrays."""
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        traced = tf.function(function, autograph=False, reduce_retracing=True)
    else:
        import jax  # pyright: ignore[reportMissingImports]

        traced = jax.jit(function)

    def call(*arrays: np.ndarray) -> Any:
        return keras.tree.map_structure(keras.ops.convert_to_numpy, traced(*arrays))

    return call

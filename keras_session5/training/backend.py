"""The choice of Keras's backend, which must precede the import of Keras."""

import importlib.util
import os
import sys

from keras_session5 import checks
from keras_session5.errors import ArgumentError


def choose(backend: str | None) -> None:
    """Makes Keras use a backend in this process; None leaves the choice to Keras.

    Raises:
        ArgumentError: if this process has imported Keras with another one, or JAX is not installed.
    """
    if backend is None:
        return
    checks.one_of("backend", backend, ["tensorflow", "jax"])
    if importlib.util.find_spec(backend) is None:
        raise ArgumentError(
            f"`backend` must be installed: pip install 'keras-session5[jax]'. Received: backend={backend!r}"
        )
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
        return
    import keras

    if keras.backend.backend() != backend:
        raise ArgumentError(
            f"`backend` must be {keras.backend.backend()!r}, with which this process has imported Keras. "
            f"Start Python anew with KERAS_BACKEND={backend}. Received: backend={backend!r}"
        )

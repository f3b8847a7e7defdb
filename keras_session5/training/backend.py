"""The choice of Keras's backend, which must precede the import of Keras."""

import importlib.util
import os
import sys

from keras_session5 import checks
from keras_session5.errors import ArgumentError

_BACKENDS = ["tensorflow", "jax"]


def choose(backend: str | None) -> None:
    """Makes Keras use a backend in this process; None leaves the choice to Keras.

    Raises:
        ArgumentError: for a backend that cannot train here or is not installed, or if this process has
            imported Keras with another one.
    """
    if backend is None:
        checks.one_of("KERAS_BACKEND", os.environ.get("KERAS_BACKEND") or "tensorflow", _BACKENDS)
        return
    checks.one_of("backend", backend, _BACKENDS)
    if importlib.util.find_spec(backend) is None:
        package = {"tensorflow": "keras-session5", "jax": "keras-session5[jax]"}[backend]
        raise ArgumentError(
            f"`backend` must be installed: pip install '{package}'. Received: backend={backend!r}"
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

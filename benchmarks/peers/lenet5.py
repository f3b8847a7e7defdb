"""Code that all peers share: loads the SavedModel, calls its signature and, optionally, decodes JSON fast.

Environment variables hold the settings: MODEL (a version folder), FAST (1 for this project's JSON decoding, 0
for the peer's own), PORT and GRPC_PORT.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

FAST = os.environ.get("FAST") == "1"
PORT = int(os.environ.get("PORT", "0"))
GRPC_PORT = int(os.environ.get("GRPC_PORT", "0"))
SHAPE = (-1, 28, 28, 1)

Model = Callable[[np.ndarray], np.ndarray]


def load_signature() -> Model:
    """Returns the signature `serving_default`: (B, 28, 28, 1) float32 pixels -> (B, 10) probabilities."""
    import tensorflow as tf

    loaded = tf.saved_model.load(os.environ["MODEL"])
    signature = loaded.signatures["serving_default"]

    def model(images: np.ndarray) -> np.ndarray:
        return signature(image=tf.constant(images))["probabilities"].numpy()

    model.loaded = loaded  # a signature does not keep the model alive
    model(np.zeros((1, 28, 28, 1), np.float32))
    return model


def load_keras() -> Model:
    """Returns `predict` of the same network as a Keras model (KERAS_MODEL names its file)."""
    import keras

    network: Any = keras.models.load_model(os.environ["KERAS_MODEL"], compile=False)
    network.predict(np.zeros((1, 28, 28, 1), np.float32), verbose=0)
    return lambda images: network.predict(images, verbose=0)


def fast_images(body: bytes, pointer: str = "/instances") -> np.ndarray:
    """Returns the numbers at a JSON pointer as (B, 28, 28, 1) float32, without a Python object for each."""
    import simdjson

    tensor: Any = simdjson.Parser().parse(body)
    numbers = tensor.at_pointer(pointer).as_buffer(of_type="d")
    return np.frombuffer(numbers).astype(np.float32).reshape(SHAPE)

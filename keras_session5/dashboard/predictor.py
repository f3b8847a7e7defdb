"""A network's outputs, and what its last layer with weights sees."""

from typing import Any

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_session5 import introspection
from keras_session5.layers import RadialBasis

_PENULTIMATE = "penultimate"


class Predictor:
    """Runs a network in inference mode.

    Args:
        model: a model with a single output.
        network: the same as a functional model, or None: then nothing in it can be seen.
    """

    def __init__(self, model: Any, network: Any):
        self.model = model
        self.opened = None
        if network is not None:
            self.output = next(iter(introspection.output_tensors(network)))
            self.opened = introspection.opened(network, {_PENULTIMATE: find_penultimate(network)})

    def __call__(self, inputs: Any) -> tuple[np.ndarray, np.ndarray]:
        """Returns the outputs (B, ...), and the features (B, ...); these are (B, 0) if they are hidden."""
        if self.opened is None:
            (output,) = keras.tree.flatten(self.model(inputs, training=False))
            output = convert_to_numpy(output)
            return output, np.zeros((len(output), 0), "float32")
        tensors = self.opened(inputs, training=False)
        return convert_to_numpy(tensors[self.output]), convert_to_numpy(tensors[_PENULTIMATE])


def find_penultimate(network: Any) -> Any:
    """Returns the input tensor of the network's last layer with weights, or with LeNet-5's fixed codes."""
    tensor = network.outputs[0]
    while True:
        operation, call, _ = tensor._keras_history
        tensor = operation._inbound_nodes[call].input_tensors[0]
        if getattr(operation, "weights", None) or isinstance(operation, RadialBasis):
            return tensor

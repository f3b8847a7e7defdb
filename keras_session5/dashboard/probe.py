"""Activations and gradients for a fixed batch."""

from typing import Any

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_session5 import introspection

_IDLE = (keras.layers.InputLayer, keras.layers.Dropout)  # nothing to see in inference mode


class Probe:
    """Runs a network in inference mode on the same few training examples.

    It draws no random numbers and changes nothing in the network, so it does not affect training. The layers
    run eagerly, because tracing a graph takes longer than the few measurements of a run.

    Args:
        model: a compiled model.
        network: the same as a functional model, or None: then the layers have no activations to show.
        batch: inputs, targets and, if any, sample weights.
    """

    def __init__(self, model: Any, network: Any, batch: tuple):
        self.model, self.network, self.batch = model, network, batch
        self.opened = model
        if network is not None:
            layers = [layer.name for layer in network.layers if _is_active(layer)]
            self.opened = introspection.layer_outputs(network, layers)

    def measure(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Returns the activations of the layers, (B, ...) each, and the gradients of the trainable weights.

        The loss is the mean over the examples of the batch, or over the tokens that count.
        """
        inputs, targets, *weights = self.batch
        variables = self.model.trainable_variables

        def compute_loss(values):
            # Losses of several outputs count in metrics, which must stay as they are.
            with keras.StatelessScope(list(zip(variables, values, strict=True))):
                outputs = self.opened(inputs, training=False)
                predictions = outputs if self.network is None else self._pack(outputs)
                loss = self.model.compute_loss(inputs, targets, predictions, *weights, training=False)
            return loss, outputs

        values = [weight.value for weight in variables]
        outputs, gradients = introspection.differentiate(compute_loss, values)
        if self.network is None:
            outputs = {}
        activations = {name: convert_to_numpy(tensor) for name, tensor in outputs.items()}
        pairs = zip(variables, gradients, strict=True)
        return activations, {weight.path: convert_to_numpy(one) for weight, one in pairs if one is not None}

    def _pack(self, outputs: dict[str, Any]) -> Any:
        """Returns the network's own outputs in their structure."""
        names = introspection.output_tensors(self.network)
        return keras.tree.pack_sequence_as(self.network.output, [outputs[name] for name in names])


def gradient_norm(gradients: dict[str, np.ndarray]) -> float:
    """Returns the norm of all gradients as one vector."""
    return float(np.sqrt(sum(np.square(one, dtype="float64").sum() for one in gradients.values())))


def _is_active(layer: Any) -> bool:
    """Returns whether a layer outputs a tensor of floats. A model inside the network is not looked into."""
    if isinstance(layer, (*_IDLE, keras.Model)) or keras.tree.is_nested(layer.output):
        return False
    return keras.backend.is_float_dtype(layer.output.dtype)

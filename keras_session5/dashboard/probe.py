"""Activations and gradients for a fixed batch."""

from typing import Any

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_session5 import introspection
from keras_session5.data import subset
from keras_session5.data.characters import trim
from keras_session5.tasks import Task

_EXAMPLES = 32


class Probe:
    """Runs a network in inference mode on the same few training examples.

    It draws no random numbers and changes nothing in the network, so it does not affect training. The layers
    run eagerly, because tracing a graph takes longer than the few measurements of a run.

    Args:
        model: a compiled model.
        task: of the network.
    """

    def __init__(self, model: Any, task: Task):
        self.model = model
        idle = (keras.layers.InputLayer, keras.layers.Dropout)  # nothing to see in inference mode
        layers = [
            layer.name
            for layer in model.layers
            if not isinstance(layer, idle) and keras.backend.is_float_dtype(layer.output.dtype)
        ]
        self.opened = introspection.layer_outputs(model, layers)
        split = subset(task.train, _EXAMPLES, seed=0)
        inputs = trim(split.inputs) if split.is_text else split.inputs
        self.batch = task.batch(inputs, split.labels, np.random.default_rng(0))

    def measure(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Returns the activations of the layers, (B, ...) each, and the gradients of the trainable weights.

        The loss is the mean over the examples of the batch, or over the tokens that count.
        """
        inputs, targets, *weights = self.batch
        fixed = [weight.value for weight in self.opened.non_trainable_variables]

        def compute_loss(values):
            outputs, _ = self.opened.stateless_call(values, fixed, inputs, training=False)
            predictions = outputs[self.model.output_names[0]]
            return self.model.compute_loss(inputs, targets, predictions, *weights, training=False), outputs

        values = [weight.value for weight in self.opened.trainable_variables]
        outputs, gradients = introspection.differentiate(compute_loss, values)
        activations = {name: convert_to_numpy(tensor) for name, tensor in outputs.items()}
        paths = [weight.path for weight in self.opened.trainable_variables]
        pairs = zip(paths, gradients, strict=True)
        return activations, {path: convert_to_numpy(one) for path, one in pairs if one is not None}


def gradient_norm(gradients: dict[str, np.ndarray]) -> float:
    """Returns the norm of all gradients as one vector."""
    return float(np.sqrt(sum(np.square(one, dtype="float64").sum() for one in gradients.values())))

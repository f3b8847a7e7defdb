"""A network's predictions for test examples."""

from typing import Any

import numpy as np
from keras.ops import convert_to_numpy

from keras_session5 import introspection
from keras_session5.data import subset
from keras_session5.data.characters import lengths, trim
from keras_session5.layers import RadialBasis
from keras_session5.tasks import Predictions, Task

_MAX_EXAMPLES = 1_000  # enough for a picture, and fast to predict
_BATCH = 256
_PENULTIMATE = "penultimate"


class Predictor:
    """Predicts a fixed set of test examples.

    Args:
        model: a functional model.
        task: of the network.

    Attributes:
        split: the examples; texts sorted by length to keep the padding short.
    """

    def __init__(self, model: Any, task: Task):
        self.task = task
        split = subset(task.data.test, _MAX_EXAMPLES, seed=0)
        self.split = split.take(np.argsort(lengths(split.inputs), kind="stable")) if split.is_text else split
        self.opened = introspection.opened(model, {_PENULTIMATE: find_penultimate(model)})
        self.output = model.output_names[0]

    def predictions(self) -> Predictions:
        """Returns the predictions for all examples of `split`."""
        batches = []
        for start in range(0, len(self.split), _BATCH):
            part = self.split.take(range(start, min(start + _BATCH, len(self.split))))
            inputs = trim(part.inputs) if part.is_text else part.inputs
            batch = self.task.batch(inputs, part.labels, np.random.default_rng(start))
            tensors = self.opened(batch[0], training=False)
            outputs, features = (convert_to_numpy(tensors[name]) for name in (self.output, _PENULTIMATE))
            batches.append(self.task.predictions(part, batch, outputs, features))
        return Predictions.concatenate(batches)


def find_penultimate(model: Any) -> Any:
    """Returns the input tensor of the network's last layer with weights, or with LeNet-5's fixed codes."""
    tensor = model.outputs[0]
    while True:
        operation, call, _ = tensor._keras_history
        tensor = operation._inbound_nodes[call].input_tensors[0]
        if getattr(operation, "weights", None) or isinstance(operation, RadialBasis):
            return tensor

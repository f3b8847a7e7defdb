"""A network's predictions for examples that it has not learned from."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_session5 import introspection
from keras_session5.dashboard.arrays import to_numpy
from keras_session5.data import Split, subset
from keras_session5.data.characters import lengths, trim
from keras_session5.layers import RadialBasis
from keras_session5.tasks import Predictions, Task

_MOST = 1_000  # examples: enough for a picture, and soon predicted
_BATCH = 256
_PENULTIMATE = "penultimate"


class Predictor:
    """Predicts examples of the test split, the same ones every time.

    Args:
        model: functional.
        task: what it is trained for.

    Attributes:
        split: the examples; texts by their length, so that little padding is computed.
    """

    def __init__(self, model: Any, task: Task):
        self.task = task
        self.split = _sorted_by_length(subset(task.data.test, _MOST, seed=0))
        self.opened = introspection.opened(model, {_PENULTIMATE: penultimate(model)})
        self.output = model.output_names[0]

    def predictions(self) -> Predictions:
        return Predictions.concatenate(list(self._predict_batches()))

    def _predict_batches(self) -> Iterator[Predictions]:
        for start in range(0, len(self.split), _BATCH):
            part = self.split.take(range(start, min(start + _BATCH, len(self.split))))
            inputs = trim(part.inputs) if part.is_text else part.inputs
            batch = self.task.batch(inputs, part.labels, np.random.default_rng(start))
            found = self.opened(batch[0], training=False)
            outputs, features = to_numpy(found[self.output]), to_numpy(found[_PENULTIMATE])
            yield self.task.predictions(part, batch, outputs, features)


def penultimate(model: Any) -> Any:
    """Returns the input of the network's last layer with weights, or with fixed codes, as a tensor."""
    tensor = model.outputs[0]
    while True:
        operation, call, _ = tensor._keras_history
        tensor = operation._inbound_nodes[call].input_tensors[0]
        if getattr(operation, "weights", None) or isinstance(operation, RadialBasis):
            return tensor


def _sorted_by_length(split: Split) -> Split:
    return split.take(np.argsort(lengths(split.inputs), kind="stable")) if split.is_text else split

"""What a dashboard shows of a run of the catalogue: the run's record, and examples of its data set."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_session5.dashboard.recipe import hyperparameters, recipe_table
from keras_session5.dashboard.source import Call, Source, compare
from keras_session5.data import Split, subset
from keras_session5.data.characters import lengths, trim
from keras_session5.tasks import Predictions, Task

_PROBED = 32  # training examples for activations and gradients
_MAX_EXAMPLES = 1_000  # enough for a picture, and fast to predict
_BATCH = 256


class CatalogueRun(Source):
    """A run of the catalogue.

    Args:
        task: of the network.
        record: of the run; its network, recipe and versions become tables.

    Attributes:
        split: the test examples that are shown; texts sorted by length to keep the padding short.
    """

    def __init__(self, task: Task, record: Mapping[str, Any]):
        self.task, self.record = task, record
        self.class_names = task.data.class_names
        self.is_image = task.data.modality == "image"
        if "recipe" in record:
            self.examples_per_epoch = len(task.train) * record["recipe"]["repeats"]
        split = subset(task.data.test, _MAX_EXAMPLES, seed=0)
        self.split = split.take(np.argsort(lengths(split.inputs), kind="stable")) if split.is_text else split

    def describe(self, model: Any) -> tuple[str, Mapping[str, Any]]:
        return recipe_table(self.record), hyperparameters(self.record)

    def probe_batch(self) -> tuple:
        return self._batch(subset(self.task.train, _PROBED, seed=0), seed=0)

    def example(self) -> Any:
        middle = len(self.split) // 2  # texts are sorted by length: one of median length
        return self._batch(self.split.take([middle]), seed=0)[0]

    def predictions(self, model: Any, call: Call) -> Predictions:
        found = []
        for start in range(0, len(self.split), _BATCH):
            part = self.split.take(range(start, min(start + _BATCH, len(self.split))))
            batch = self._batch(part, seed=start)
            found.append(self.task.predictions(part, batch, *call(batch[0])))
        return Predictions.concatenate(found)

    def points(self) -> tuple[np.ndarray, np.ndarray] | None:
        test = self.task.data.test
        return (test.inputs, test.labels) if self.task.data.modality == "vector" else None

    def attention_labels(
        self, inputs: Any, group: str, num_queries: int, num_keys: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        return self.task.attention_labels(inputs, group, num_keys)

    def projected(self, predictions: Predictions) -> tuple[Mapping[str, Sequence[str]], np.ndarray | None]:
        split = self.split
        labels = self.task.class_names_of(split.labels) if self.class_names else predictions.labels
        columns = compare(predictions, labels)
        if split.texts:
            columns["text"] = split.texts
        return columns, split.inputs if self.is_image else None

    def _batch(self, split: Split, seed: int) -> tuple:
        inputs = trim(split.inputs) if split.is_text else split.inputs
        return self.task.batch(inputs, split.labels, np.random.default_rng(seed))

"""Tasks: the objectives of training, such as classification or translation.

A task prepares the batches of a data set, defines the loss and the metrics, checks a recipe, completes the
metrics of a split and turns outputs into readable predictions. No other part of the package depends on the
kind of task, except `exporting.signatures`, which has a file of the same name for each.

Importing this package imports neither TensorFlow nor Keras.
"""

from collections.abc import Mapping

from keras_session5.catalog import NETWORKS, Network
from keras_session5.data import DataSet, Split
from keras_session5.errors import ArgumentError
from keras_session5.tasks.base import Predictions, Task
from keras_session5.tasks.classification import Classification
from keras_session5.tasks.forecasting import Forecasting
from keras_session5.tasks.language_model import LanguageModel
from keras_session5.tasks.masked_language_model import MaskedLanguageModel
from keras_session5.tasks.translation import Translation

__all__ = [
    "TASKS",
    "Classification",
    "Forecasting",
    "LanguageModel",
    "MaskedLanguageModel",
    "Predictions",
    "Task",
    "Translation",
    "check_method",
    "task_class",
    "task_of",
]

TASKS: Mapping[str, type[Task]] = {
    "classification": Classification,
    "forecasting": Forecasting,
    "language_model": LanguageModel,
    "masked_language_model": MaskedLanguageModel,
    "translation": Translation,
}
"""The task of each name that a catalogue entry can have."""


def task_class(entry: Network) -> type[Task]:
    """Returns the class of a network's task."""
    return TASKS[entry.task]


def task_of(entry: Network, data: DataSet, train: Split | None = None) -> Task:
    """Returns a network's task on a data set.

    Args:
        train: the training examples; the data set's whole training split if None.
    """
    return task_class(entry)(data, train)


def check_method(entry: Network, method: str) -> None:
    """Raises `ArgumentError` unless the network's task has that method, such as "translate"."""
    if not hasattr(task_class(entry), method):
        fitting = [
            other.name for other in NETWORKS.values() if other.recipe and hasattr(task_class(other), method)
        ]
        raise ArgumentError(
            f"`result` must be of one of these networks: {', '.join(fitting)}. Received: {entry.name}"
        )

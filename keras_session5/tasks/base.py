"""The base class of all tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from keras_session5.catalog import Recipe
from keras_session5.data import DataSet, Split
from keras_session5.data.characters import FIRST_CHARACTER_ID
from keras_session5.errors import ArgumentError


@dataclass(frozen=True)
class Predictions:
    """The predictions for N examples.

    Attributes:
        inputs: images, series or texts; the inputs of a truth table as text.
        labels, predictions: targets and predictions: class names, texts or numbers. A network that predicts a
            token at every position sees the true tokens before it; its text joins these predictions.
        losses: (N,), the loss or error of each prediction.
        features: (N, D), the inputs of the network's last layer with weights; their mean over the tokens of
            a sequence.
        probabilities: (N,), the probability of each prediction; None where predictions are not classes.
        classes: (N, 2) int, label and prediction; None where there are no classes.
    """

    inputs: Sequence[Any] | np.ndarray
    labels: Sequence[Any]
    predictions: Sequence[Any]
    losses: np.ndarray
    features: np.ndarray
    probabilities: np.ndarray | None = None
    classes: np.ndarray | None = None

    @staticmethod
    def concatenate(parts: Sequence["Predictions"]) -> "Predictions":
        """Returns the predictions of several batches as one."""

        def join(name: str) -> Any:
            columns = [getattr(part, name) for part in parts]
            if columns[0] is None:
                return None
            if isinstance(columns[0], np.ndarray):
                return np.concatenate(columns)
            return [row for column in columns for row in column]

        return Predictions(**{field.name: join(field.name) for field in fields(Predictions)})


class Task:
    """A task on a data set.

    Args:
        data: the data set.
        train: the training examples; the data set's whole training split if None.

    Attributes:
        classifies: whether each example has one label, so that a single prediction is right or wrong.
    """

    classifies = False

    def __init__(self, data: DataSet, train: Split | None = None):
        self.data = data
        self.train = train or data.train

    def arguments(self) -> dict[str, Any]:
        """Returns the builder's arguments that follow from the data."""
        return {}

    def examples(self, inputs: np.ndarray, labels: np.ndarray) -> tuple:
        """Returns the network's inputs, the targets and, unless all targets count, sample weights.

        Args:
            inputs: of N examples of a `data.Split`.
            labels: of the same examples.
        """
        return inputs, labels[:, None]

    def corrupt(self, *batch: Any, random: Any) -> tuple:
        """Changes a batch at random, as part of the compiled step; the identity for most tasks.

        Args:
            batch: inputs, targets and, if any, sample weights, as tensors.
            random: a `keras.random.SeedGenerator`.
        """
        return batch

    def batch(self, inputs: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple:
        """Returns what the network is trained on, as arrays: examples that `corrupt` changed."""
        return self.examples(inputs, labels)

    def check_recipe(self, recipe: Recipe, num_outputs: int) -> None:
        """Raises `ArgumentError` unless the recipe fits the data and the network's last output dimension."""
        raise NotImplementedError

    def compile_arguments(self, recipe: Recipe) -> dict[str, Any]:
        """Returns the loss and the metrics for `Model.compile`."""
        raise NotImplementedError

    def complete_metrics(self, model: Any, split: Split, metrics: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of a split: those of `Model.evaluate` and those that the task adds."""
        return dict(metrics)

    def predictions(
        self, split: Split, batch: tuple, outputs: np.ndarray, features: np.ndarray
    ) -> Predictions:
        """Returns the predictions for some examples.

        Args:
            split: the B examples.
            batch: from `batch`, for the same examples.
            outputs: of the network, (B, ...).
            features: inputs of the network's last layer with weights, (B, ...).
        """
        raise NotImplementedError

    def attention_labels(self, inputs: Any, group: str, num_keys: int) -> tuple[list[str], list[str]]:
        """Returns a label for each query and each key of an attention layer: the characters, by default.

        Args:
            inputs: of one example, from `batch`, with a batch dimension of 1.
            group: of the layer, named by `introspection.attention_groups`.
            num_keys: number of keys of the layer.
        """
        characters = token_labels(inputs[0], self.data.alphabet)
        return characters, characters

    def max_length(self) -> int:
        """Returns the number of tokens of the longest input; 0 if the inputs are not tokens."""
        return self.data.train.inputs.shape[1] if self.data.train.is_text else 0

    def class_names_of(self, labels: np.ndarray) -> list[str]:
        """Returns the names of classes."""
        return [self.data.class_names[label] for label in labels]


def check_loss(recipe: Recipe, fitting: Sequence[str], num_outputs: int) -> None:
    """Raises `ArgumentError` unless the recipe's loss is one of the fitting ones."""
    if recipe.loss not in fitting:
        raise ArgumentError(
            f"`loss` must be {' or '.join(fitting)} for a network with {num_outputs} output(s). "
            f"Received: loss={recipe.loss!r}"
        )


def check_without_classes(recipe: Recipe) -> None:
    """Raises `ArgumentError` if the recipe has a setting that needs classes."""
    for name in ("interleave_classes", "stop_when_clean"):
        if getattr(recipe, name):
            raise ArgumentError(f"`{name}` is only for classification. Received: {name}=True")


def token_labels(tokens: np.ndarray, alphabet: str) -> list[str]:
    """Returns one character for each token; a dot for padding, unknown and special tokens."""
    positions = tokens.astype(int) - FIRST_CHARACTER_ID
    return [alphabet[i] if 0 <= i < len(alphabet) else "·" for i in positions]

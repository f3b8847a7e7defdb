"""What all tasks share."""

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
        inputs: images, series, or texts; of a truth table the inputs as text.
        labels, predictions: targets and predictions: class names, texts or numbers. A network that predicts a
            token at every position is given all tokens before it, so its text is one of next tokens.
        losses: (N,), how wrong each prediction is.
        features: (N, D), the inputs of the network's last layer with weights; of a sequence their mean over
            its tokens.
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

        def joined(name: str) -> Any:
            columns = [getattr(part, name) for part in parts]
            if columns[0] is None:
                return None
            if isinstance(columns[0], np.ndarray):
                return np.concatenate(columns)
            return [row for column in columns for row in column]

        return Predictions(**{field.name: joined(field.name) for field in fields(Predictions)})


def labelled(inputs: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple:
    """The batch where each example has one label: inputs as they are, and labels (B, 1)."""
    return inputs, labels[:, None]


class Task:
    """A task on a data set.

    Args:
        data: the data set.
        train: the examples to train on, where these are not all of the data set's training split.

    Attributes:
        classifies: whether each example belongs to one class, so that a single prediction is right or wrong.
    """

    classifies = False

    def __init__(self, data: DataSet, train: Split | None = None):
        self.data = data
        self.train = train or data.train

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of a builder that follow from the data."""
        return {}

    def batch(self, inputs: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple:
        """Returns the network's inputs, the targets and, where not all targets count, sample weights.

        Args:
            inputs: of B examples, as `data.Split` has them.
            labels: of the same examples.
            rng: for tasks that draw something anew each time.
        """
        return labelled(inputs, labels, rng)

    def check_recipe(self, recipe: Recipe, num_outputs: int) -> None:
        """Raises `ArgumentError` unless the recipe fits these data and a network with this last dimension."""
        raise NotImplementedError

    def compile_arguments(self, recipe: Recipe) -> dict[str, Any]:
        """Returns loss and metrics for `Model.compile`."""
        raise NotImplementedError

    def complete_metrics(self, model: Any, split: Split, metrics: Mapping[str, float]) -> dict[str, float]:
        """Returns the metrics of a split: those of `Model.evaluate`, completed."""
        return dict(metrics)

    def predictions(
        self, split: Split, batch: tuple, outputs: np.ndarray, features: np.ndarray
    ) -> Predictions:
        """Returns the predictions for some examples.

        Args:
            split: the B examples.
            batch: made of them by `batch`.
            outputs: of the network, (B, ...).
            features: the inputs of its last layer with weights, (B, ...).
        """
        raise NotImplementedError

    def attention_labels(self, inputs: Any, group: str, num_keys: int) -> tuple[list[str], list[str]]:
        """Returns a label for each query and each key of an attention layer: here the characters.

        Args:
            inputs: of one example, as `batch` makes them, with a batch dimension of 1.
            group: of the layer, as `introspection.attention_groups` names it.
            num_keys: how many keys the layer has.
        """
        characters = token_labels(inputs[0], self.data.alphabet)
        return characters, characters

    def longest(self) -> int:
        """Returns the number of tokens of the longest input; 0 where there are no tokens."""
        return self.data.train.inputs.shape[1] if self.data.train.is_text else 0

    def class_names_of(self, labels: np.ndarray) -> list[str]:
        """Returns the names of classes."""
        return [self.data.class_names[label] for label in labels]


def check_loss(recipe: Recipe, fitting: Sequence[str], num_outputs: int) -> None:
    """Raises `ArgumentError` unless the recipe's loss is one of those that fit."""
    if recipe.loss not in fitting:
        raise ArgumentError(
            f"`loss` must be {' or '.join(fitting)} for a network with {num_outputs} output(s). "
            f"Received: loss={recipe.loss!r}"
        )


def check_without_classes(recipe: Recipe) -> None:
    """Raises `ArgumentError` if the recipe has a setting that needs classes."""
    for name in ("interleave_classes", "stop_when_clean"):
        if getattr(recipe, name):
            raise ArgumentError(f"`{name}` is for networks that tell classes apart. Received: {name}=True")


def token_labels(tokens: np.ndarray, alphabet: str) -> list[str]:
    """Returns one character for each token; a dot for a token that has none."""
    positions = tokens.astype(int) - FIRST_CHARACTER_ID
    return [alphabet[i] if 0 <= i < len(alphabet) else "·" for i in positions]

"""The base class of tasks that predict a token at every position."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.data.characters import PADDING_ID, decode
from keras_session5.errors import ArgumentError
from keras_session5.tasks.base import Predictions, Task, check_loss, check_without_classes


class TokenTask(Task):
    """A prediction at every position.

    Attributes:
        hides_inputs: whether characters of the inputs can be hidden without changing the targets.
    """

    hides_inputs = False

    @property
    def output_alphabet(self) -> str:
        """The characters of the outputs."""
        return self.data.alphabet

    def check_recipe(self, recipe: Recipe, num_outputs: int) -> None:
        check_loss(recipe, ["sparse_categorical_crossentropy"], num_outputs)
        check_without_classes(recipe)
        if recipe.token_dropout and not self.hides_inputs:
            raise ArgumentError(
                "`token_dropout` hides characters of the input, which are also the targets of this network. "
                f"Received: token_dropout={recipe.token_dropout!r}"
            )

    def compile_arguments(self, recipe: Recipe) -> dict[str, Any]:
        import keras

        from keras_session5.layers import TokenMean

        # A mean over the positions that count, without the padding.
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        )
        return {
            "loss": loss,
            "weighted_metrics": [TokenMean("accuracy"), TokenMean("cross_entropy", name="nats")],
        }

    def complete_metrics(self, model: Any, split: Split, metrics: Mapping[str, float]) -> dict[str, float]:
        """The loss is a mean over all tokens of the split; Keras's own is a mean over the batches."""
        completed = dict(metrics)
        return completed | {"loss": completed.pop("nats")}

    def predictions(
        self, split: Split, batch: tuple, outputs: np.ndarray, features: np.ndarray
    ) -> Predictions:
        """Takes outputs (B, T, V) and features (B, T, D)."""
        inputs, targets, weights = batch
        tokens = inputs[-1] if isinstance(inputs, tuple) else inputs
        mask = (tokens != PADDING_ID)[..., None]
        predicted = np.where(weights > 0, outputs.argmax(axis=-1), targets)
        return Predictions(
            inputs=self.input_texts(split, tokens),
            labels=decode(targets, self.output_alphabet),
            predictions=decode(predicted, self.output_alphabet),
            losses=_compute_cross_entropy(outputs, targets, weights),
            features=(features * mask).sum(axis=1) / mask.sum(axis=1),
        )

    def input_texts(self, split: Split, tokens: np.ndarray) -> list[str]:
        """Returns the inputs as readable texts.

        Args:
            split: the examples.
            tokens: (B, T), the inputs of the network.
        """
        raise NotImplementedError


def append_end(tokens: np.ndarray, end: int) -> np.ndarray:
    """Returns tokens (B, T) with the end token after the last token of each row, (B, T + 1)."""
    ended = np.pad(tokens, [(0, 0), (0, 1)])
    ended[np.arange(len(tokens)), (tokens != PADDING_ID).sum(axis=1)] = end
    return ended


def token_weights(targets: np.ndarray) -> np.ndarray:
    """Returns the sample weights (B, T): 0 for padding, 1 for all other tokens."""
    return (targets != PADDING_ID).astype("float32")


def _compute_cross_entropy(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Returns (B,): the mean over the positions with a weight of each row, in nats."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    of_targets = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    nats = np.log(np.exp(logits).sum(axis=-1)) - of_targets
    return (nats * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)

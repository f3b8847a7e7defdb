"""What the tasks share that predict a token at every position."""

from typing import Any

import numpy as np

from keras_session5.data import Split
from keras_session5.data.characters import PADDING_ID, decode
from keras_session5.errors import ArgumentError
from keras_session5.tasks.task import Predictions, Task, check_loss, check_without_classes


class TokenTask(Task):
    """A token at every position.

    Attributes:
        hides_inputs: whether characters of the inputs can be hidden without being hidden in the targets.
    """

    hides_inputs = False

    @property
    def output_alphabet(self) -> str:
        """The characters of the outputs."""
        return self.data.alphabet

    def check_recipe(self, recipe, num_outputs):
        check_loss(recipe, ["sparse_categorical_crossentropy"], num_outputs)
        check_without_classes(recipe)
        if recipe.token_dropout and not self.hides_inputs:
            raise ArgumentError(
                "`token_dropout` hides characters of the input, and this network must write those itself. "
                f"Received: token_dropout={recipe.token_dropout!r}"
            )

    def compile_arguments(self, recipe):
        import keras

        from keras_session5.layers import TokenMean

        # A mean over the positions that count, not over the padding too.
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        )
        return {
            "loss": loss,
            "weighted_metrics": [TokenMean("accuracy"), TokenMean("cross_entropy", name="nats")],
        }

    def complete_metrics(self, model, split, metrics):
        """The loss is that of all tokens of the split; Keras's is a mean over batches, long and short."""
        found = dict(metrics)
        return found | {"loss": found.pop("nats")}

    def predictions(self, split, batch, outputs, features):
        """Of outputs (B, T, V) and features (B, T, D)."""
        inputs, targets, weights = batch
        tokens = inputs[-1] if isinstance(inputs, tuple) else inputs
        there = (tokens != PADDING_ID)[..., None]
        predicted = np.where(weights > 0, outputs.argmax(axis=-1), targets)
        return Predictions(
            inputs=self.input_texts(split, tokens),
            labels=decode(targets, self.output_alphabet),
            predictions=decode(predicted, self.output_alphabet),
            losses=_cross_entropy(outputs, targets, weights),
            features=(features * there).sum(axis=1) / there.sum(axis=1),
        )

    def input_texts(self, split: Split, tokens: np.ndarray) -> list[str]:
        """Returns the inputs as texts to be read.

        Args:
            split: the examples.
            tokens: (B, T), as the network is given them.
        """
        raise NotImplementedError


def with_end(tokens: np.ndarray, end: int) -> np.ndarray:
    """Returns tokens (B, T) with an end after the last of each row, (B, T + 1)."""
    ended = np.pad(tokens, [(0, 0), (0, 1)])
    ended[np.arange(len(tokens)), (tokens != PADDING_ID).sum(axis=1)] = end
    return ended


def token_weights(targets: np.ndarray) -> Any:
    """Returns the sample weights (B, T): 1, and 0 for padding."""
    return (targets != PADDING_ID).astype("float32")


def _cross_entropy(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(B,): the mean over the positions of each row that count, in nats."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    of_targets = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    nats = np.log(np.exp(logits).sum(axis=-1)) - of_targets
    return (nats * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)

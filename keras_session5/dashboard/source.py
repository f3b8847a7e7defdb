"""What a dashboard shows beside the network: its examples, their predictions, and the training's settings."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras_session5.dashboard.recipe import model_table
from keras_session5.tasks import Predictions

Call = Callable[[Any], tuple[np.ndarray, np.ndarray]]  # from inputs to outputs (B, ...) and features (B, ...)


class Source:
    """What a dashboard asks about a training. This one has no examples: the dashboard shows the network.

    Attributes:
        examples_per_epoch: number of training examples of an epoch; None if it is unknown.
        class_names: of the labels; empty if they are not classes.
        is_image: whether the network's input is an image.
        has_saliency: whether the saliency of the example is drawn.
    """

    examples_per_epoch: int | None = None
    class_names: Sequence[str] = ()
    is_image = False
    has_saliency = False

    def describe(self, model: Any) -> tuple[str, Mapping[str, Any]]:
        """Returns the settings of the training as Markdown, and its hyperparameters, if any."""
        return model_table(model), {}

    def probe_batch(self) -> tuple | None:
        """Returns inputs, targets and perhaps sample weights for activations and gradients, if any."""
        return None

    def example(self) -> Any:
        """Returns one example as inputs of the network, with a batch dimension of 1, if any."""
        return None

    def predictions(self, model: Any, call: Call) -> Predictions | None:
        """Returns the predictions of all examples that are shown, if any."""
        return None

    def points(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns points (P, 2) and their labels, 0 or 1, for a decision surface."""
        return None

    def attention_labels(
        self, inputs: Any, group: str, num_queries: int, num_keys: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Returns a label for each query and each key of attention layers."""
        return [str(i) for i in range(num_queries)], [str(i) for i in range(num_keys)]

    def projected(self, predictions: Predictions) -> tuple[Mapping[str, Sequence[str]], np.ndarray | None]:
        """Returns the columns of the projector, and the images (N, H, W, 1) uint8 of the points, if any."""
        return compare(predictions, predictions.labels), None


def compare(predictions: Predictions, labels: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Returns a column for labels, for predictions, and for whether both agree."""
    pairs = zip(predictions.labels, predictions.predictions, strict=True)
    return {
        "label": labels,
        "prediction": predictions.predictions,
        "right": ["yes" if label == prediction else "no" for label, prediction in pairs],
    }

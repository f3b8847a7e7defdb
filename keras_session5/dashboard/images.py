"""The pictures of a run: what the network looks for, what it sees, what it takes for what."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_session5 import introspection
from keras_session5.dashboard.arrays import to_numpy
from keras_session5.dashboard.predictor import Predictor
from keras_session5.data.characters import trim
from keras_session5.tasks import Predictions, Task

Picture = tuple[str, Any, str]  # tag, figure and a sentence that explains it


class Gallery:
    """Draws what there is to be seen of a network.

    Args:
        model: functional.
        task: what it is trained for.
        predictor: of whose examples one is followed through the network.
    """

    def __init__(self, model: Any, task: Task, predictor: Predictor):
        self.model, self.task = model, task
        maps = [layer.name for layer in model.layers if _gives_maps(layer)]
        self.maps = introspection.layer_tensors(model, maps)
        self.attention = introspection.attention_tensors(model)
        self.opened = introspection.opened(model, self.maps | self.attention)
        middle = len(predictor.split) // 2  # of texts, which are sorted by length, one of usual length
        example = predictor.split.take([middle])
        inputs = trim(example.inputs) if example.is_text else example.inputs
        self.inputs = task.batch(inputs, example.labels, np.random.default_rng(0))[0]

    def of_weights(self) -> Iterator[Picture]:
        """What the network looks for now."""
        from keras_session5 import pictures

        if self.task.data.modality == "image":
            # Of the first layer with weights: a convolution, or a dense layer that sees all pixels.
            weights = (weight for layer in self.model.layers for weight in layer.weights)
            kernel = to_numpy(next(weight for weight in weights if len(weight.shape) in (2, 4)).value)
            shape = kernel.shape[:3] if kernel.ndim == 4 else self.model.input_shape[1:]
            figure = pictures.filters(kernel.reshape(*shape, -1))
            yield "filters", figure, "What each unit of the first layer looks for."
        if self.model.input_shape == (None, 2):
            data = self.task.data.test
            figure = pictures.decision_surface(
                lambda inputs: to_numpy(self.model(inputs, training=False)), data.inputs, data.labels
            )
            yield "decision surface", figure, "What the network answers to any two inputs."

    def of_one_example(self) -> Iterator[Picture]:
        """What it makes now of an example."""
        from keras_session5 import pictures

        if not (self.maps or self.attention):
            return
        found = self.opened(self.inputs, training=False)
        if self.maps:
            figure = pictures.feature_maps({name: to_numpy(found[name])[0] for name in self.maps})
            yield "feature maps", figure, "What the layers make of an example of the test split."
        for group, names in introspection.attention_groups(self.attention).items():
            weights = np.stack([to_numpy(found[name])[0] for name in names])
            labels = self.task.attention_labels(self.inputs, group, weights.shape[-1])
            figure = pictures.attention(weights, *labels)
            yield group.replace("_", " "), figure, "How much each query looks at each key, by layer and head."

    def of_predictions(self, predictions: Predictions) -> Iterator[Picture]:
        """How good its predictions are.

        Args:
            predictions: of the predictor.
        """
        from keras_session5 import pictures

        names = self.task.data.class_names
        if predictions.classes is not None and len(names) > 1:
            counts = np.zeros((len(names), len(names)), int)
            np.add.at(counts, tuple(predictions.classes.T), 1)
            figure = pictures.confusion_matrix(counts, names)
            yield (
                "confusion matrix",
                figure,
                "Examples of the test split: what they are, and what is answered.",
            )
        worst = np.argsort(-predictions.losses, kind="stable")
        columns = (predictions.inputs, predictions.labels, predictions.predictions)
        inputs, labels, predicted = ([column[i] for i in worst] for column in columns)
        probabilities = None if predictions.probabilities is None else predictions.probabilities[worst]
        figure = pictures.mistakes(inputs, labels, predicted, probabilities)
        yield "worst mistakes", figure, "Examples of the test split that are answered wrongly, worst first."


def _gives_maps(layer: Any) -> bool:
    """Whether a layer gives several images: a single one is the input, and single numbers are no image."""
    shape = layer.output.shape
    return len(shape) == 4 and None not in shape[1:] and shape[1] > 1 and shape[3] > 1

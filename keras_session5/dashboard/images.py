"""The pictures of a run: filters, feature maps, attention, predictions and mistakes."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from keras.ops import convert_to_numpy

from keras_session5 import introspection
from keras_session5.dashboard.predictor import Predictor
from keras_session5.data.characters import trim
from keras_session5.tasks import Predictions, Task

Picture = tuple[str, Any, str]  # tag, figure and a sentence that explains it


class Gallery:
    """Draws a network's weights, the outputs of its layers and its predictions.

    Args:
        model: a functional model.
        task: of the network.
        predictor: provides the example for feature maps and attention.
    """

    def __init__(self, model: Any, task: Task, predictor: Predictor):
        self.model, self.task = model, task
        maps = [layer.name for layer in model.layers if _has_maps(layer)]
        self.maps = introspection.layer_tensors(model, maps)
        self.attention = introspection.attention_tensors(model)
        self.opened = introspection.opened(model, self.maps | self.attention)
        middle = len(predictor.split) // 2  # texts are sorted by length: one of median length
        example = predictor.split.take([middle])
        inputs = trim(example.inputs) if example.is_text else example.inputs
        self.inputs = task.batch(inputs, example.labels, np.random.default_rng(0))[0]

    def draw_weights(self) -> Iterator[Picture]:
        """Yields the filters of a network on images, and the decision surface of one on two inputs."""
        from keras_session5 import pictures

        if self.task.data.modality == "image":
            # The first layer with weights is a convolution, or a dense layer on all pixels.
            weights = (weight for layer in self.model.layers for weight in layer.weights)
            kernel = convert_to_numpy(next(weight for weight in weights if len(weight.shape) in (2, 4)).value)
            shape = kernel.shape[:3] if kernel.ndim == 4 else self.model.input_shape[1:]
            figure = pictures.filters(kernel.reshape(*shape, -1))
            yield "filters", figure, "Weights of each unit of the first layer."
        if self.model.input_shape == (None, 2):
            data = self.task.data.test
            figure = pictures.decision_surface(
                lambda inputs: convert_to_numpy(self.model(inputs, training=False)), data.inputs, data.labels
            )
            yield "decision surface", figure, "Output of the network for any two inputs."

    def draw_example(self) -> Iterator[Picture]:
        """Yields the feature maps and the attention weights for one example."""
        from keras_session5 import pictures

        if not (self.maps or self.attention):
            return
        outputs = self.opened(self.inputs, training=False)
        if self.maps:
            figure = pictures.feature_maps({name: convert_to_numpy(outputs[name])[0] for name in self.maps})
            yield "feature maps", figure, "Outputs of the layers for an example of the test split."
        for group, names in introspection.attention_groups(self.attention).items():
            weights = np.stack([convert_to_numpy(outputs[name])[0] for name in names])
            labels = self.task.attention_labels(self.inputs, group, weights.shape[-1])
            figure = pictures.attention(weights, *labels)
            yield (
                group.replace("_", " "),
                figure,
                "Attention weights of each query and key, by layer and head.",
            )

    def draw_predictions(self, predictions: Predictions) -> Iterator[Picture]:
        """Yields the confusion matrix of a classification, and the worst mistakes.

        Args:
            predictions: from the predictor.
        """
        from keras_session5 import pictures

        names = self.task.data.class_names
        if predictions.classes is not None and len(names) > 1:
            counts = np.zeros((len(names), len(names)), int)
            np.add.at(counts, tuple(predictions.classes.T), 1)
            figure = pictures.confusion_matrix(counts, names)
            yield "confusion matrix", figure, "Labels and predictions for examples of the test split."
        worst = np.argsort(-predictions.losses, kind="stable")
        columns = (predictions.inputs, predictions.labels, predictions.predictions)
        inputs, labels, predicted = ([column[i] for i in worst] for column in columns)
        probabilities = None if predictions.probabilities is None else predictions.probabilities[worst]
        figure = pictures.mistakes(inputs, labels, predicted, probabilities)
        yield "worst mistakes", figure, "Wrong predictions for examples of the test split, the worst first."


def _has_maps(layer: Any) -> bool:
    """Returns whether a layer's output has several channels of more than a single pixel."""
    shape = layer.output.shape
    return len(shape) == 4 and None not in shape[1:] and shape[1] > 1 and shape[3] > 1

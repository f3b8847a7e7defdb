"""The pictures of a run: filters, feature maps, attention, predictions and mistakes."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras.ops import convert_to_numpy

from keras_session5 import introspection
from keras_session5.dashboard.source import Source
from keras_session5.tasks import Predictions

Picture = tuple[str, Any, str]  # tag, figure and a sentence that explains it


class Gallery:
    """Draws a network's weights, the outputs of its layers and its predictions.

    Args:
        network: a functional model.
        source: of the training.
    """

    def __init__(self, network: Any, source: Source):
        self.network, self.source = network, source
        maps = [layer.name for layer in network.layers if _has_maps(layer)]
        self.maps = introspection.layer_tensors(network, maps)
        self.attention = introspection.attention_tensors(network)
        self.opened = introspection.opened(network, self.maps | self.attention)

    def draw_weights(self) -> Iterator[Picture]:
        """Yields the filters of a network on images, and the decision surface of one on two inputs."""
        from keras_session5 import pictures

        if self.source.is_image and (kernel := self._first_kernel()) is not None:
            yield "filters", pictures.filters(kernel), "Weights of each unit of the first layer."
        points = self.source.points()
        if points is not None and [tensor.shape for tensor in self.network.inputs] == [(None, 2)]:
            figure = pictures.decision_surface(
                lambda inputs: convert_to_numpy(self.network(inputs, training=False)), *points
            )
            yield "decision surface", figure, "Output of the network for any two inputs."

    def draw_example(self) -> Iterator[Picture]:
        """Yields the feature maps and the attention weights for one example."""
        from keras_session5 import pictures

        inputs = self.source.example()
        if inputs is None or not (self.maps or self.attention):
            return
        outputs = self.opened(inputs, training=False)
        if self.maps:
            figure = pictures.feature_maps({name: convert_to_numpy(outputs[name])[0] for name in self.maps})
            yield "feature maps", figure, "Outputs of the layers for one example."
        for group, names in introspection.attention_groups(self.attention).items():
            weights = np.stack([convert_to_numpy(outputs[name])[0] for name in names])
            labels = self.source.attention_labels(inputs, group, *weights.shape[2:])
            figure = pictures.attention(weights, *labels)
            yield (
                group.replace("_", " "),
                figure,
                "Attention weights of each query and key, by layer and head.",
            )

    def draw_saliency(self) -> Iterator[Picture]:
        """Yields the saliency of the example, if it is an image with scores."""
        from keras_session5 import pictures

        if (
            self.source.example() is not None
            and self.source.has_saliency
            and introspection.has_saliency(self.network)
        ):
            image = np.asarray(self.source.example()[0], "float32")
            found = introspection.saliency(self.network, image[None])
            figure = pictures.saliency(image / (image.max() or 1.0), convert_to_numpy(found)[0])
            yield "saliency", figure, "How much each pixel changes the winning score."

    def _first_kernel(self) -> np.ndarray | None:
        """Returns (height, width, in, out) of the first layer, a convolution or a dense one on pixels."""
        weights = (weight for layer in self.network.layers for weight in layer.weights)
        weight = next((weight for weight in weights if len(weight.shape) in (2, 4)), None)
        if weight is None:
            return None
        kernel, shape = convert_to_numpy(weight.value), self.network.inputs[0].shape[1:]
        if kernel.ndim == 4:
            return kernel.reshape(*kernel.shape[:3], -1)
        fits = None not in shape and math.prod(shape) == len(kernel)
        return kernel.reshape(*shape, -1) if fits else None


def draw_predictions(predictions: Predictions, class_names: Sequence[str]) -> Iterator[Picture]:
    """Yields the confusion matrix of a classification, and the worst mistakes."""
    from keras_session5 import pictures

    if predictions.classes is not None and len(class_names) > 1:
        counts = np.zeros((len(class_names), len(class_names)), int)
        np.add.at(counts, tuple(predictions.classes.T), 1)
        figure = pictures.confusion_matrix(counts, class_names)
        yield "confusion matrix", figure, "Labels and predictions of the examples."
    worst = np.argsort(-predictions.losses, kind="stable")
    columns = (predictions.inputs, predictions.labels, predictions.predictions)
    inputs, labels, predicted = ([column[i] for i in worst] for column in columns)
    probabilities = None if predictions.probabilities is None else predictions.probabilities[worst]
    figure = pictures.mistakes(inputs, labels, predicted, probabilities)
    yield "worst mistakes", figure, "Wrong predictions for the examples, the worst first."


def _has_maps(layer: Any) -> bool:
    """Returns whether a layer's output has several channels of more than a single pixel."""
    if isinstance(layer, keras.Model) or keras.tree.is_nested(layer.output):
        return False
    shape = layer.output.shape
    return len(shape) == 4 and None not in shape[1:] and shape[1] > 1 and shape[3] > 1

"""Classification: one label for each example."""

from typing import Any

import numpy as np

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.data.characters import vocabulary_size
from keras_session5.errors import ArgumentError
from keras_session5.tasks.base import Predictions, Task, check_loss


class Classification(Task):
    """One label for each example: an image, a text, or the inputs of a logic gate."""

    classifies = True

    def arguments(self) -> dict[str, Any]:
        if self.data.modality == "vector":
            return {}
        sizes = {"num_classes": len(self.data.class_names)}
        if self.data.alphabet:
            sizes["vocabulary_size"] = vocabulary_size(self.data.alphabet)
        return sizes

    def check_recipe(self, recipe: Recipe, num_outputs: int) -> None:
        if num_outputs == 1 and len(self.data.class_names) > 2:
            raise ArgumentError(
                f"A network with one output predicts two classes only. Received: {self.data.name}, "
                f"with {len(self.data.class_names)} classes"
            )
        binary = ["half_squared_error", "binary_crossentropy"]
        check_loss(recipe, binary if num_outputs == 1 else ["sparse_categorical_crossentropy"], num_outputs)

    def compile_arguments(self, recipe: Recipe) -> dict[str, Any]:
        import keras

        from keras_session5.layers import HalfSquaredError

        categorical = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        binary = keras.metrics.BinaryAccuracy(name="accuracy")
        loss, metric = {
            "half_squared_error": (HalfSquaredError, binary),
            "binary_crossentropy": (keras.losses.BinaryCrossentropy, binary),
            "sparse_categorical_crossentropy": (keras.losses.SparseCategoricalCrossentropy, categorical),
        }[recipe.loss]
        return {"loss": loss(reduction="mean_with_sample_weight"), "weighted_metrics": [metric]}

    def predictions(
        self, split: Split, batch: tuple, outputs: np.ndarray, features: np.ndarray
    ) -> Predictions:
        """Takes outputs (B, C), or (B, 1) with the probability of the second class."""
        if outputs.shape[1] == 1:
            outputs = np.concatenate([1 - outputs, outputs], axis=1)
        rows, classes = np.arange(len(outputs)), outputs.argmax(axis=1)
        texts = list(split.texts)
        if self.data.modality == "vector":
            texts = [" ".join(f"{x:g}" for x in inputs) for inputs in split.inputs]
        return Predictions(
            inputs=texts or split.inputs,
            labels=self.class_names_of(split.labels),
            predictions=self.class_names_of(classes),
            losses=1 - outputs[rows, split.labels],
            features=features,
            probabilities=outputs[rows, classes],
            classes=np.stack([split.labels, classes], axis=1),
        )

    def attention_labels(self, inputs: Any, group: str, num_keys: int) -> tuple[list[str], list[str]]:
        if self.data.modality != "image":
            return super().attention_labels(inputs, group, num_keys)
        side = round((num_keys - 1) ** 0.5)
        patches = ["class", *(f"{row},{column}" for row in range(side) for column in range(side))]
        return patches, patches

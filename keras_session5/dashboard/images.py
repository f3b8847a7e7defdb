"""The pictures of a run: what the network looks for, what it sees, what it takes for what."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_session5 import introspection
from keras_session5.dashboard.answers import Answers, Examination
from keras_session5.dashboard.arrays import is_text, to_numpy
from keras_session5.data.characters import FIRST_CHARACTER_ID, PADDING_ID
from keras_session5.training.tasks import Task, Translation

Picture = tuple[str, Any, str]  # tag, figure and a sentence that explains it


class Gallery:
    """Draws what there is to be seen of a network.

    Args:
        model: functional.
        task: what it is trained for.
        examination: of whose examples one is followed through the network.
    """

    def __init__(self, model: Any, task: Task, examination: Examination):
        self.model, self.task = model, task
        maps = [layer.name for layer in model.layers if _gives_maps(layer)]
        self.maps = introspection.layer_tensors(model, maps)
        self.attention = introspection.attention_tensors(model)
        self.opened = introspection.opened(model, self.maps | self.attention)
        split = examination.split
        middle = len(split) // 2  # of texts, which are in the order of their lengths, one of usual length
        inputs, labels = (column[middle : middle + 1] for column in (split.inputs, split.labels))
        if is_text(inputs):
            inputs = inputs[:, : (inputs != PADDING_ID).sum()]
        self.asked = task.batch(inputs, labels, np.random.default_rng(0))[0]

    def of_weights(self) -> Iterator[Picture]:
        """What the network looks for now."""
        from keras_session5 import pictures

        if self.task.data.kind == "image":
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
        found = self.opened(self.asked, training=False)
        if self.maps:
            figure = pictures.feature_maps({name: to_numpy(found[name])[0] for name in self.maps})
            yield "feature maps", figure, "What the layers make of an example of the test split."
        for group, names in introspection.attention_groups(self.attention).items():
            weights = np.stack([to_numpy(found[name])[0] for name in names])
            figure = pictures.attention(weights, *self._queries_and_keys(group))
            yield group.replace("_", " "), figure, "How much each query looks at each key, by layer and head."

    def of_answers(self, answers: Answers) -> Iterator[Picture]:
        """How good what it says is.

        Args:
            answers: of the examination's examples.
        """
        from keras_session5 import pictures

        names = self.task.data.class_names
        if answers.classes is not None and len(names) > 1:
            counts = np.zeros((len(names), len(names)), int)
            np.add.at(counts, tuple(answers.classes.T), 1)
            figure = pictures.confusion_matrix(counts, names)
            yield (
                "confusion matrix",
                figure,
                "Examples of the test split: what they are, and what is answered.",
            )
        worst = np.argsort(-answers.losses, kind="stable")
        shown, labels, said = (
            [column[i] for i in worst] for column in (answers.shown, answers.labels, answers.answers)
        )
        sure = None if answers.sure is None else answers.sure[worst]
        figure = pictures.mistakes(shown, labels, said, sure)
        yield "worst mistakes", figure, "Examples of the test split that are answered wrongly, worst first."

    def _queries_and_keys(self, name: str) -> tuple[list[str], list[str]]:
        """What the queries and the keys of a stack of attention layers stand for."""
        data = self.task.data
        if data.kind == "image":
            side = round((next(iter(self.attention.values())).shape[-1] - 1) ** 0.5)
            patches = ["class", *(f"{row},{column}" for row in range(side) for column in range(side))]
            return patches, patches
        if not isinstance(self.task, Translation):
            tokens = _characters(self.asked[0], data.alphabet)
            return tokens, tokens
        source = _characters(self.asked[0][0], data.alphabet)
        target = _characters(self.asked[1][0], data.target_alphabet)
        if "cross" in name:
            return target, source
        return (source, source) if "encoder" in name else (target, target)


def _gives_maps(layer: Any) -> bool:
    """Whether a layer gives several images: a single one is the input, and single numbers are no image."""
    shape = layer.output.shape
    return len(shape) == 4 and None not in shape[1:] and shape[1] > 1 and shape[3] > 1


def _characters(tokens: np.ndarray, alphabet: str) -> list[str]:
    """One sign for each token; what is no character is a dot."""
    places = tokens.astype(int) - FIRST_CHARACTER_ID
    return [alphabet[place] if 0 <= place < len(alphabet) else "·" for place in places]

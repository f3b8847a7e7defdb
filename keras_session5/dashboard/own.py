"""What a dashboard shows of a model of one's own: examples of which only the arrays are known."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_session5.dashboard.guard import logger
from keras_session5.dashboard.source import Call, Source, compare
from keras_session5.errors import ArgumentError
from keras_session5.tasks import Predictions

_PROBED = 32  # examples for activations and gradients
_MAX_EXAMPLES = 1_000
_BATCH = 32
_MAX_CLASSES = 100  # a larger confusion matrix cannot be read
_MAX_NUMBERS = 8  # of the inputs of an example that are written as text


class OwnExamples(Source):
    """Examples as `fit` takes them.

    Args:
        examples: inputs, targets and perhaps sample weights, of at least one example; the inputs may be
            several arrays in a list, tuple or dict.
        class_names: of labels that are classes; their numbers if None.

    Raises:
        ArgumentError: for something else.
    """

    has_saliency = True

    def __init__(self, examples: Any, class_names: Sequence[str] | None):
        self.class_names = _check_names(class_names)
        self.arrays = _check_examples(examples)
        images = [one for one in keras.tree.flatten(self.arrays[0]) if one.ndim == 4]
        self.images = images[0] if len(images) == 1 and images[0].shape[-1] in (1, 3) else None
        self.is_image = self.images is not None and not keras.tree.is_nested(self.arrays[0])

    def probe_batch(self) -> tuple:
        return self._take(slice(0, _PROBED))

    def example(self) -> Any:
        return self._take(slice(0, 1))[0]

    def predictions(self, model: Any, call: Call) -> Predictions:
        """Takes one output (B, C) with labels of C classes, or (B, 1) with two classes or numbers.

        Raises:
            ArgumentError: for other outputs or targets.
        """
        count = min(self._count(), _MAX_EXAMPLES)
        parts = [call(self._take(slice(i, min(i + _BATCH, count)))[0]) for i in range(0, count, _BATCH)]
        outputs, features = (np.concatenate(column) for column in zip(*parts, strict=True))
        features = features.mean(axis=tuple(range(1, features.ndim - 1)))
        targets = np.asarray(keras.tree.flatten(self.arrays[1])[0][:count])
        if outputs.ndim == 1:
            outputs = outputs[:, None]
        one = outputs.ndim == 2 and not keras.tree.is_nested(self.arrays[1])
        labels = _find_labels(targets, outputs.shape[1]) if one else None
        if labels is not None:
            return self._classified(labels, _to_probabilities(outputs, model), features)
        if not one or outputs.shape[1] != 1 or targets.size != count or targets.dtype == object:
            raise ArgumentError(
                "The targets must be labels of as many classes as the only output has scores, or one number. "
                f"Received: outputs {outputs.shape}, targets {targets.shape}"
            )
        targets, values = targets.reshape(-1).astype("float64"), outputs[:, 0]
        return Predictions(
            inputs=self._shown(count),
            labels=[f"{target:.4g}" for target in targets],
            predictions=[f"{value:.4g}" for value in values],
            losses=np.square(targets - values),
            features=features,
        )

    def points(self) -> tuple[np.ndarray, np.ndarray] | None:
        if keras.tree.is_nested(self.arrays[0]):
            return None
        inputs, targets = self.arrays[:2]
        labels = None if keras.tree.is_nested(targets) else _find_labels(targets, 1)
        return None if labels is None or inputs.shape[1:] != (2,) else (inputs, labels)

    def projected(self, predictions: Predictions) -> tuple[Mapping[str, Sequence[str]], np.ndarray | None]:
        columns, images = compare(predictions, predictions.labels), None
        if self.images is not None:
            grey = self.images[: len(predictions.labels)].mean(axis=-1, keepdims=True)
            images = np.clip(grey * (255 / (grey.max() or 1)), 0, 255).astype("uint8")
        return columns, images

    def _classified(self, labels: np.ndarray, outputs: np.ndarray, features: np.ndarray) -> Predictions:
        rows, classes = np.arange(len(outputs)), outputs.argmax(axis=1)
        if len(self.class_names) != outputs.shape[1]:
            if self.class_names:
                logger.warning(
                    "The dashboard shows numbers of classes: `class_names` must have a name for each of %d "
                    "outputs. Received: %d names",
                    outputs.shape[1],
                    len(self.class_names),
                )
            self.class_names = [str(i) for i in range(outputs.shape[1])]
        names = np.asarray(self.class_names, object)
        return Predictions(
            inputs=self._shown(len(labels)),
            labels=names[labels].tolist(),
            predictions=names[classes].tolist(),
            losses=1 - outputs[rows, labels],
            features=features,
            probabilities=outputs[rows, classes],
            classes=np.stack([labels, classes], axis=1) if len(names) <= _MAX_CLASSES else None,
        )

    def _shown(self, count: int) -> Sequence[Any] | np.ndarray:
        """Returns the images or texts among the inputs; else a few of the numbers, as text."""
        if self.images is not None:
            return self.images[:count]
        leaves = keras.tree.flatten(self.arrays[0])
        return [" ".join(_write(array[i]) for array in leaves) for i in range(count)]

    def _count(self) -> int:
        return len(keras.tree.flatten(self.arrays[0])[0])

    def _take(self, rows: slice) -> tuple:
        return tuple(keras.tree.map_structure(lambda array: array[rows], part) for part in self.arrays)


def _check_names(class_names: Sequence[str] | None) -> list[str]:
    names = [] if class_names is None else list(class_names)
    if isinstance(class_names, str) or not all(isinstance(name, str) for name in names):
        raise ArgumentError(f"`class_names` must be a list of texts. Received: class_names={class_names!r}")
    return names


def _check_examples(examples: Any) -> tuple:
    if not isinstance(examples, (tuple, list)) or len(examples) not in (2, 3):
        raise ArgumentError(
            "`examples` must be inputs and targets, such as (x[:32], y[:32]). "
            f"Received: {type(examples).__name__}"
        )
    try:
        arrays = keras.tree.map_structure(_to_array, tuple(examples))
        counts = {len(array) for array in keras.tree.flatten(arrays)}
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"`examples` must be arrays. Received: {error}") from error
    if len(counts) != 1 or 0 in counts:
        raise ArgumentError(
            "`examples` must have the same number of rows in all arrays, at least 1. "
            f"Received: {', '.join(map(str, sorted(counts))) or 'no array'}"
        )
    return arrays


def _to_array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind in "US" else array


def _find_labels(targets: np.ndarray, num_outputs: int) -> np.ndarray | None:
    """Returns the classes (N,) of targets (N,), (N, 1) or one-hot (N, C), or None for other targets.

    One output is for two classes, 0 and 1. More outputs are for as many classes.
    """
    if targets.dtype.kind not in "biuf":
        return None
    classes = max(2, num_outputs)
    if targets.shape[1:] == (classes,):
        hot = ((targets == 0) | (targets == 1)).all() and (targets.sum(axis=1) == 1).all()
        return targets.argmax(axis=1) if hot and num_outputs > 1 else None
    if targets.size != len(targets):
        return None
    labels = targets.reshape(-1)
    whole = (labels == np.round(labels)).all() and labels.min() >= 0 and labels.max() < classes
    return labels.astype(int) if whole else None


def _to_probabilities(outputs: np.ndarray, model: Any) -> np.ndarray:
    """Returns probabilities (N, C) of outputs that may be logits; a single output becomes two columns."""
    loss: Any = model.loss
    logits = isinstance(loss, keras.losses.Loss) and loss.get_config().get("from_logits", False)
    outputs = outputs.astype("float64")
    if outputs.shape[1] == 1:
        if logits or outputs.min() < 0 or outputs.max() > 1:
            outputs = 1 / (1 + np.exp(-np.clip(outputs, -500, 500)))
        return np.concatenate([1 - outputs, outputs], axis=1)
    if logits or outputs.min() < 0 or not np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return outputs / outputs.sum(axis=1, keepdims=True)


def _write(value: np.ndarray) -> str:
    values = np.ravel(value)
    if values.dtype == object:
        return " ".join(
            one.decode(errors="replace") if isinstance(one, bytes) else str(one) for one in values
        )
    text = " ".join(f"{one:.4g}" for one in values[:_MAX_NUMBERS])
    return text + (" …" if len(values) > _MAX_NUMBERS else "")

"""What a network says of examples that it has not learned from, and how wrong it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_session5 import introspection
from keras_session5.dashboard.arrays import is_text, to_numpy
from keras_session5.data import DataSet, Split
from keras_session5.data.characters import PADDING_ID, decode
from keras_session5.layers import RadialBasis
from keras_session5.training import batches
from keras_session5.training.tasks import Classification, Forecasting, MaskedLanguageModel, Task, Translation

_MOST = 1_000  # examples: enough for a picture, and soon asked
_BATCH = 256
_PENULTIMATE = "penultimate"


@dataclass(frozen=True)
class Answers:
    """The answers to N examples.

    Attributes:
        shown: what the network was shown: images, series, or texts; of a truth table the inputs as text.
        labels, answers: what is right and what the network says: class names, texts or numbers. A network
            that says a token at every place is told all those before it, so its text is one of next tokens.
        losses: (N,), how wrong each answer is.
        sure: (N,), the probability of each answer; None where the answers are no classes.
        features: (N, D), what the network's last layer with weights sees; of a sequence the mean over its
            tokens.
        classes: (N, 2) int, label and answer; None where there are no classes.
    """

    shown: Sequence[Any] | np.ndarray
    labels: Sequence[Any]
    answers: Sequence[Any]
    losses: np.ndarray
    features: np.ndarray
    sure: np.ndarray | None = None
    classes: np.ndarray | None = None


class Examination:
    """Asks a network examples of the test split, the same ones at every time.

    Args:
        model: functional.
        task: what it is trained for.

    Attributes:
        split: the examples; texts by their length, so that little padding is computed.
    """

    def __init__(self, model: Any, task: Task):
        self.task = task
        self.split = _by_length(batches.subset(task.data.test, _MOST, seed=0))
        self.opened = introspection.opened(model, {_PENULTIMATE: penultimate(model)})
        self.output = model.output_names[0]

    def answers(self) -> Answers:
        judge = _tokens
        if isinstance(self.task, Classification | Forecasting):
            judge = _classes if isinstance(self.task, Classification) else _values
        parts = [judge(self.task, *batch) for batch in self._asked()]
        joined = {}
        for key in parts[0]:
            columns = [part[key] for part in parts]
            is_array = isinstance(columns[0], np.ndarray)
            joined[key] = np.concatenate(columns) if is_array else [row for one in columns for row in one]
        return Answers(**joined)

    def _asked(self):
        """Of each batch: its part of the split, what the task made of it, the answer and the features."""
        for start in range(0, len(self.split), _BATCH):
            part = _rows(self.split, range(start, min(start + _BATCH, len(self.split))))
            inputs = part.inputs
            if is_text(inputs):
                inputs = inputs[:, : (inputs != PADDING_ID).sum(axis=1).max()]
            batch = self.task.batch(inputs, part.labels, np.random.default_rng(start))
            found = self.opened(batch[0], training=False)
            yield part, batch, to_numpy(found[self.output]), to_numpy(found[_PENULTIMATE])


def penultimate(model: Any) -> Any:
    """The tensor that the network's last layer with weights, or with fixed codes, is given."""
    tensor = model.outputs[0]
    while True:
        operation, call, _ = tensor._keras_history
        tensor = operation._inbound_nodes[call].input_tensors[0]
        if getattr(operation, "weights", None) or isinstance(operation, RadialBasis):
            return tensor


def class_names(data: DataSet, labels: np.ndarray) -> list[str]:
    return [data.class_names[label] for label in labels]


def _classes(task: Task, part: Split, batch: tuple, answer: np.ndarray, features: np.ndarray) -> dict:
    """One class for each example; answer (B, C), or (B, 1) where it is the probability of the second."""
    answer = answer if answer.shape[1] > 1 else np.concatenate([1 - answer, answer], axis=1)
    rows, guesses = np.arange(len(answer)), answer.argmax(axis=1)
    texts = list(part.texts)
    if task.data.kind == "vector":
        texts = [" ".join(f"{x:g}" for x in inputs) for inputs in part.inputs]
    return {
        "shown": texts or part.inputs,
        "labels": class_names(task.data, part.labels),
        "answers": class_names(task.data, guesses),
        "losses": 1 - answer[rows, part.labels],
        "sure": answer[rows, guesses],
        "features": features,
        "classes": np.stack([part.labels, guesses], axis=1),
    }


def _values(task: Task, part: Split, batch: tuple, answer: np.ndarray, features: np.ndarray) -> dict:
    """One value for each example; answer (B, 1)."""
    right, found = batch[1][:, 0], answer[:, 0]
    return {
        "shown": part.inputs,
        "labels": [round(float(value), 3) for value in right],
        "answers": [round(float(value), 3) for value in found],
        "losses": np.square(right - found),
        "features": features,
    }


def _tokens(task: Task, part: Split, batch: tuple, answer: np.ndarray, features: np.ndarray) -> dict:
    """One token at each place; answer (B, T, V), features (B, T, D)."""
    asked, right, counts = batch
    said = np.where(counts > 0, answer.argmax(axis=-1), right)
    read = asked[-1] if isinstance(asked, tuple) else asked
    there = (read != PADDING_ID)[..., None]
    data = task.data
    alphabet = data.target_alphabet if isinstance(task, Translation) else data.alphabet
    shown = list(part.texts)
    if isinstance(task, MaskedLanguageModel):
        shown = [text.replace("\ufffd", "_") for text in decode(read, alphabet)]
    elif not isinstance(task, Translation):
        shown = class_names(data, part.labels)
    return {
        "shown": shown,
        "labels": decode(right, alphabet),
        "answers": decode(said, alphabet),
        "losses": _cross_entropy(answer, right, counts),
        "features": (features * there).sum(axis=1) / there.sum(axis=1),
    }


def _cross_entropy(logits: np.ndarray, right: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(B,): the mean over the places of each row that count, in nats."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    of_right = np.take_along_axis(logits, right[..., None], axis=-1)[..., 0]
    nats = np.log(np.exp(logits).sum(axis=-1)) - of_right
    return (nats * counts).sum(axis=1) / np.maximum(counts.sum(axis=1), 1)


def _by_length(split: Split) -> Split:
    if not is_text(split.inputs):
        return split
    return _rows(split, np.argsort((split.inputs != PADDING_ID).sum(axis=1), kind="stable"))


def _rows(split: Split, rows: Sequence[int] | np.ndarray) -> Split:
    rows = np.asarray(rows)
    columns = (split.texts, split.targets)
    texts, targets = (tuple(column[row] for row in rows) if column else () for column in columns)
    return Split(split.inputs[rows], split.labels[rows], texts, targets)

"""From the columns of a data set, as TFDS stores them, to the splits in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_session5.data.characters import encode
from keras_session5.data.dataset import DataSet, Split
from keras_session5.data.registry import DataSetEntry

Columns = Mapping[str, Any]
"""Column -> one value for each sample: an array, or a list of texts."""


def make_data_set(name: str, entry: DataSetEntry, examples: Mapping[str, Columns], source: str) -> DataSet:
    """Returns a data set.

    Args:
        name: name of the data set, such as `"logic_gates/xor"`.
        entry: its description.
        examples: split -> columns. The first is named after the modality, or "text" for pairs of texts; the
            second is "label", "future" for a series, or "target" for pairs of texts.
        source: origin of the data, one line.
    """
    splits = _make_splits(examples, entry)
    return DataSet(
        name=name,
        modality=entry.modality,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits["test"],
        class_names=entry.class_names,
        alphabet=entry.alphabet,
        source=source,
        target_alphabet=entry.target_alphabet,
        noise_floor=entry.noise_floor,
        whole_texts=entry.window is None,
        framing=entry.framing,
    )


def _make_splits(examples: Mapping[str, Columns], entry: DataSetEntry) -> dict[str, Split]:
    if entry.alphabet:
        return _make_text_splits(examples, entry)
    inputs, labels = ("series", "future") if entry.modality == "series" else (entry.modality, "label")
    dtype = np.float32 if entry.modality == "series" else np.int32
    return {
        name: Split(np.asarray(columns[inputs]), np.asarray(columns[labels], dtype))
        for name, columns in examples.items()
    }


def _make_text_splits(examples: Mapping[str, Columns], entry: DataSetEntry) -> dict[str, Split]:
    texts = {name: _cut(columns["text"], entry.window) for name, columns in examples.items()}
    inputs = _encode(texts, entry.alphabet)
    if entry.target_alphabet:
        targets = {name: tuple(columns["target"]) for name, columns in examples.items()}
        labels = _encode(targets, entry.target_alphabet)
        return {name: Split(inputs[name], labels[name], texts[name], targets[name]) for name in examples}
    # A data set with a single class may have no labels.
    labels = {
        name: np.asarray(columns.get("label", np.zeros(len(texts[name]))), np.int32)
        for name, columns in examples.items()
    }
    return {name: Split(inputs[name], labels[name], texts[name]) for name in examples}


def _cut(texts: Sequence[str], window: int | None) -> tuple[str, ...]:
    """Returns texts, or their chunks of `window` characters without the shorter remainder."""
    if window is None:
        return tuple(texts)
    return tuple(
        text[start : start + window] for text in texts for start in range(0, len(text) - window + 1, window)
    )


def _encode(texts: dict[str, tuple[str, ...]], alphabet: str) -> dict[str, np.ndarray]:
    """Returns the character ids of each split, padded to the longest text of the data set."""
    length = max(len(text) for of_split in texts.values() for text in of_split)
    return {name: encode(of_split, alphabet, length) for name, of_split in texts.items()}

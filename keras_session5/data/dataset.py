"""A loaded data set: up to three splits of arrays, with the meaning of their values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Modality = Literal["vector", "image", "text", "series", "text_pair"]


@dataclass(frozen=True, eq=False)
class Split:
    """N samples and their labels.

    Attributes:
        inputs: depends on the modality. "vector": (N, D) float32; "image": (N, height, width, 1) uint8,
            pixels 0..255; "series": (N, T, 1) float32; "text" and "text_pair": (N, T) int32, character ids
            padded on the right with 0.
        labels: "series": (N, H) float32, the next H values; "text_pair": (N, S) int32, character ids of the
            targets, padded like `inputs`; otherwise (N,) int32, indices into the data set's `class_names`.
        texts: the N texts encoded in `inputs`; empty unless the modality is "text" or "text_pair".
        targets: the N texts encoded in `labels`; empty unless the modality is "text_pair".
    """

    inputs: np.ndarray
    labels: np.ndarray
    texts: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_text(self) -> bool:
        """Whether the inputs are character ids."""
        return self.inputs.dtype == np.int32

    def take(self, rows: Sequence[int] | np.ndarray) -> "Split":
        """Returns the samples of these rows, in the order given."""
        rows = np.asarray(rows)
        columns = (self.texts, self.targets)
        texts, targets = (tuple(column[row] for row in rows) if column else () for column in columns)
        return replace(self, inputs=self.inputs[rows], labels=self.labels[rows], texts=texts, targets=targets)


def subset(split: Split, examples: int | None, seed: int) -> Split:
    """Returns a random subset of a split; smaller subsets are contained in larger ones.

    Args:
        examples: number of samples; None, or a number beyond the size of the split, for all.
        seed: seed of the random choice.
    """
    count = len(split)
    if examples is None or examples >= count:
        return split
    return split.take(np.random.default_rng([seed, count]).permutation(count)[:examples])


@dataclass(frozen=True)
class Framing:
    """How the digits of a data set are placed in their images, white on black.

    Attributes:
        box: side of the square that every digit fills in height or width, in pixels.
        cells: number of cells along a side of that square in which the ink was measured before scaling.
        by_mass: whether the image is centred on the ink's centre of mass instead of the box.
    """

    box: int
    cells: int
    by_mass: bool


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set in memory.

    Attributes:
        name: name that was passed to `load_data`, such as `"logic_gates/xor"`.
        modality: kind of inputs: "vector", "image", "text", "series" or "text_pair".
        train: split for training.
        validation: split for the choice of hyperparameters; None if the data set has none.
        test: split for evaluation only.
        class_names: one name for each class; empty if the labels are not classes.
        alphabet: characters with the ids 2, 3, ...; empty unless the inputs are texts.
        source: origin of the data, one line for the record of a run.
        target_alphabet: characters of the labels, like `alphabet`; empty unless the modality is "text_pair".
        noise_floor: variance of the noise in a series, the least possible mean squared error of a forecast;
            None if unknown.
        whole_texts: whether the texts are complete; False if they were cut from longer ones.
        framing: placement of digits in their images; None if the images do not show digits.
    """

    name: str
    modality: Modality
    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]
    alphabet: str
    source: str
    target_alphabet: str = ""
    noise_floor: float | None = None
    whole_texts: bool = True
    framing: Framing | None = None

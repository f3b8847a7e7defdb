"""What a loaded data set is: up to three splits of arrays, and what their numbers mean."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Modality = Literal["vector", "image", "text", "series", "text_pair"]


@dataclass(frozen=True, eq=False)
class Split:
    """Examples and their labels, N of each.

    Attributes:
        inputs: by modality, "vector" (N, D) float32; "image" (N, height, width, 1) uint8, pixels
            0..255; "series" (N, T, 1) float32; "text" and "text_pair" (N, T) int32, character ids padded on
            the right with 0.
        labels: (N,) int32, indices into the data set's `class_names`; but "series" (N, H) float32, the next
            H values; "text_pair" (N, S) int32, the ids of the targets' characters, padded like `inputs`.
        texts: the N texts that `inputs` encodes; empty unless the modality is "text" or "text_pair".
        targets: the N texts that `labels` encodes; empty unless the modality is "text_pair".
    """

    inputs: np.ndarray
    labels: np.ndarray
    texts: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def is_text(self) -> bool:
        """Whether the inputs are the ids of characters."""
        return self.inputs.dtype == np.int32

    def take(self, rows: Sequence[int] | np.ndarray) -> "Split":
        """Returns the examples of these rows, in their order."""
        rows = np.asarray(rows)
        columns = (self.texts, self.targets)
        texts, targets = (tuple(column[row] for row in rows) if column else () for column in columns)
        return replace(self, inputs=self.inputs[rows], labels=self.labels[rows], texts=texts, targets=targets)


def subset(split: Split, examples: int | None, seed: int) -> Split:
    """Returns a random sample of a split; a smaller sample is part of every larger one.

    Args:
        examples: number of examples; None, or more than there are, for all.
        seed: of the sample.
    """
    count = len(split)
    if examples is None or examples >= count:
        return split
    return split.take(np.random.default_rng([seed, count]).permutation(count)[:examples])


@dataclass(frozen=True)
class Framing:
    """How the digits of a data set stand in their images, white on black.

    Attributes:
        box: pixels of the square that every digit fills from edge to edge, in height or in width.
        cells: into how many the side of that square was divided to count the ink, before it was enlarged.
        by_mass: whether the centre of the ink's mass is in the middle of the image, and not that of the box.
    """

    box: int
    cells: int
    by_mass: bool


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set in memory.

    Attributes:
        name: as it was asked for, such as `"logic_gates/xor"`.
        modality: what the inputs are: "vector", "image", "text", "series" or "text_pair".
        train: what a network may learn from.
        validation: what its settings may be chosen on; None where the data set's authors set none aside.
        test: what it is judged by, and nothing else.
        class_names: one name for each label; none where the labels are no classes.
        alphabet: the characters that ids 2, 3, ... stand for; empty unless the inputs are texts.
        source: where the data came from, in one line for a run's record.
        target_alphabet: the same for the labels; empty unless the modality is "text_pair".
        noise_floor: of a series, the variance of the noise on each value, which no forecast can foresee: the
            least mean squared error there is. None where it is not known.
        whole_texts: whether the texts are whole; False where they were cut out of a longer one.
        framing: how digits stand in their images; None where the images are not of digits.
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

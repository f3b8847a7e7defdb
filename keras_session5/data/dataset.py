"""What a loaded data set is: up to three splits of arrays, and what their numbers mean."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["vector", "image", "text"]


@dataclass(frozen=True, eq=False)
class Split:
    """Examples and their labels, N of each.

    Attributes:
        inputs: by the data set's kind, "vector" (N, D) float32; "image" (N, 28, 28, 1) uint8, pixels
            0..255; "text" (N, T) int32, character ids padded on the right with 0.
        labels: (N,) int32, indices into the data set's `class_names`.
        texts: the N texts that `inputs` encodes; None unless the kind is "text".
    """

    inputs: np.ndarray
    labels: np.ndarray
    texts: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class DataSet:
    """A data set in memory.

    Attributes:
        name: as it was asked for, such as `"logic_gates/xor"`.
        kind: what the inputs are: "vector", "image" or "text".
        train: what a network may learn from.
        validation: what its settings may be chosen on; None where the data set's authors set none aside.
        test: what it is judged by, and nothing else.
        class_names: one name for each label.
        alphabet: the characters that ids 2, 3, ... stand for; None unless the kind is "text".
        source: where the data came from, in one line for a run's record.
    """

    name: str
    kind: Kind
    train: Split
    validation: Split | None
    test: Split
    class_names: tuple[str, ...]
    alphabet: str | None
    source: str

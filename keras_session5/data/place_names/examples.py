"""The samples of `place_names`."""

from typing import Any

import numpy as np

from keras_session5.data.place_names.names import assign_split, names_by_language, shuffle


def make_examples(variant: str | None) -> dict[str, dict[str, Any]]:
    """Returns split -> the columns "text" and "label"; there are no variants."""
    labels = {name: label for label, names in enumerate(names_by_language().values()) for name in names}
    examples = {}
    for split in ("train", "validation", "test"):
        texts = shuffle((name for name in labels if assign_split(name) == split), split)
        examples[split] = {"text": texts, "label": np.array([labels[text] for text in texts])}
    return examples

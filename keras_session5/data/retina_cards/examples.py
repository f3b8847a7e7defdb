"""The samples of `retina_cards`."""

import numpy as np

from keras_session5.data.retina_cards.cards import all_cards, split_cards

_SEED = 1958


def make_examples(variant: str | None) -> dict[str, dict[str, np.ndarray]]:
    """Returns split -> the columns "image" and "label"; there are no variants."""
    cards, labels = all_cards()
    rows = split_cards(np.random.default_rng(_SEED))
    return {split: {"image": cards[i], "label": labels[i]} for split, i in rows.items()}

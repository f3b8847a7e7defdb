"""Cards of 20 x 20 pixels with one filled square, like those shown to the perceptron in 1958."""

import numpy as np

from keras_session5 import checks

CARD_SIDE = 20  # pixels: the perceptron was designed with 20 x 20 photocells
SQUARE_SIDES = (4, 5, 6, 7, 8)
SIDES = ("left", "right")
NUM_TRAIN, NUM_TEST = 300, 1_000


def all_cards() -> tuple[np.ndarray, np.ndarray]:
    """Returns all possible cards: a square of side s has (21 - s) (11 - s) positions in each half.

    There are 119 + 96 + 75 + 56 + 39 = 385 cards for each side.

    Returns:
        (770, 20, 20, 1) uint8, 255 in the square and 0 elsewhere; (770,) int32, indices into `SIDES`.
    """
    half = CARD_SIDE // 2
    places = [
        (side, top, label * half + left, label)
        for label in range(len(SIDES))
        for side in SQUARE_SIDES
        for top in range(CARD_SIDE - side + 1)
        for left in range(half - side + 1)
    ]
    cards = np.zeros((len(places), CARD_SIDE, CARD_SIDE, 1), np.uint8)
    for card, (side, top, left, _) in zip(cards, places, strict=True):
        card[top : top + side, left : left + side] = 255
    return cards, np.array([label for *_, label in places], np.int32)


def split_cards(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Returns rows of `all_cards` for each split, with equal numbers of each square size and each half.

    Without this balance most squares would be small, because small squares have more positions. The training
    split has `NUM_TRAIN` different cards; the test split draws `NUM_TEST` from the others with replacement.
    """
    cards, labels = all_cards()
    sides = np.sqrt((cards > 0).sum(axis=(1, 2, 3))).astype(int)
    groups = [
        rng.permutation(np.flatnonzero((sides == side) & (labels == label)))
        for side in SQUARE_SIDES
        for label in range(len(SIDES))
    ]
    train, test = NUM_TRAIN // len(groups), NUM_TEST // len(groups)
    rows = {
        "train": [group[:train] for group in groups],
        "test": [rng.choice(group[train:], test) for group in groups],
    }
    return {split: rng.permutation(np.concatenate(parts)) for split, parts in rows.items()}


def flip(cards: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Returns the cards with a fraction of the pixels of each inverted.

    Args:
        cards: (N, ...) uint8, 0 or 255.
        fraction: in [0, 1); 0.1 inverts exactly 40 of 400 pixels, chosen anew for each card.
        rng: random generator that chooses the pixels.

    Raises:
        ArgumentError: if `fraction` is not in [0, 1).
    """
    pixels = cards.reshape(len(cards), -1)
    inverted = np.zeros(pixels.shape, bool)
    inverted[:, : round(checks.fraction("fraction", fraction) * pixels.shape[1])] = True
    inverted = rng.permuted(inverted, axis=1)
    return np.where(inverted, 255 - pixels, pixels).reshape(cards.shape)

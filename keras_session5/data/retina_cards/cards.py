"""Cards of 20 x 20 pixels with one filled square, as the perceptron saw them in 1958."""

import numpy as np

from keras_session5.checks import fraction as checked_fraction

CARD_SIDE = 20  # pixels: the perceptron's eye was to have 20 x 20 photocells
SQUARE_SIDES = (4, 5, 6, 7, 8)
SIDES = ("left", "right")
NUM_TRAIN, NUM_TEST = 300, 1_000


def all_cards() -> tuple[np.ndarray, np.ndarray]:
    """Returns every card there is: a square of side s has (21 - s) (11 - s) places in either half.

    119 + 96 + 75 + 56 + 39 = 385 on either side.

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
    """Returns rows of `all_cards` for each split: every side of the square, left and right, equally often.

    There are more places for a small square than for a large one: among all cards most squares are small.
    For training there are `NUM_TRAIN` different cards; `NUM_TEST` are drawn from the others, some of them
    more than once.
    """
    cards, labels = all_cards()
    sides = np.sqrt((cards > 0).sum(axis=(1, 2, 3))).astype(int)
    kinds = [
        rng.permutation(np.flatnonzero((sides == side) & (labels == label)))
        for side in SQUARE_SIDES
        for label in range(len(SIDES))
    ]
    train, test = NUM_TRAIN // len(kinds), NUM_TEST // len(kinds)
    rows = {
        "train": [kind[:train] for kind in kinds],
        "test": [rng.choice(kind[train:], test) for kind in kinds],
    }
    return {split: rng.permutation(np.concatenate(of_split)) for split, of_split in rows.items()}


def flip(cards: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Returns the cards with a fraction of the pixels of each turned from black to white or back.

    Args:
        cards: (N, ...) uint8, 0 or 255.
        fraction: in [0, 1); of 400 pixels, 0.1 turns exactly 40, others on each card.
        rng: chooses the pixels.

    Raises:
        ArgumentError: `fraction` is not in [0, 1).
    """
    pixels = cards.reshape(len(cards), -1)
    turned = np.zeros(pixels.shape, bool)
    turned[:, : round(checked_fraction("fraction", fraction) * pixels.shape[1])] = True
    turned = rng.permuted(turned, axis=1)
    return np.where(turned, 255 - pixels, pixels).reshape(cards.shape)

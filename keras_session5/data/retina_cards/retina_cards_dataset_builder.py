"""Left or right: the perceptron's cards as a TFDS data set."""

import numpy as np
import tensorflow_datasets as tfds

from keras_session5.data.builder import GeneratedBuilder
from keras_session5.data.retina_cards.cards import CARD_SIDE, SIDES, all_cards, split_cards

_SEED = 1958


class Builder(GeneratedBuilder):
    """Cards with a square of side 4 to 8 in the left or in the right half: 300 to train on, 1,000 to test.

    There are 770 different cards, and none of the test is among those to train on.

    Reference: New Navy Device Learns by Doing, The New York Times, 8 July 1958: the machine told cards marked
    on the left from cards marked on the right after fifty trials.
    """

    DESCRIPTION = "Cards of 20 x 20 pixels with a square on the left or on the right."
    FEATURES = {
        "image": tfds.features.Image(shape=(CARD_SIDE, CARD_SIDE, 1)),
        "label": tfds.features.ClassLabel(names=list(SIDES)),
    }

    def splits(self):
        cards, labels = all_cards()
        rows = split_cards(np.random.default_rng(_SEED))
        return {split: zip(cards[of], labels[of].tolist(), strict=True) for split, of in rows.items()}

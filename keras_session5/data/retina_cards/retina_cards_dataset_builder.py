"""The perceptron's cards, left or right, as a TFDS data set."""

import tensorflow_datasets as tfds

from keras_session5.data.builder import GeneratedBuilder
from keras_session5.data.retina_cards.cards import CARD_SIDE, SIDES


class Builder(GeneratedBuilder):
    """Cards with a square of side 4 to 8 in the left or right half: 300 for training, 1,000 for testing.

    There are 770 different cards; training and test cards do not overlap.

    Reference: New Navy Device Learns by Doing, The New York Times, 8 July 1958: after fifty
    trials the machine distinguished cards marked on the left from cards marked on the right.
    """

    DESCRIPTION = "Cards of 20 x 20 pixels with a square on the left or on the right."
    FEATURES = {
        "image": tfds.features.Image(shape=(CARD_SIDE, CARD_SIDE, 1)),
        "label": tfds.features.ClassLabel(names=list(SIDES)),
    }

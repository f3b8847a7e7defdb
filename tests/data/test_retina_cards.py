"""The cards are drawn from all there are, each in one split, and flipping turns as many points as asked."""

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.data.retina_cards.cards import all_cards, flip
from keras_session5.errors import ArgumentError


@pytest.fixture(scope="module")
def data(data_dir):
    return load_data("retina_cards", data_dir)


def as_set(cards):
    return {card.tobytes() for card in cards}


def test_there_are_385_different_cards_on_either_side():
    cards, labels = all_cards()
    assert len(as_set(cards)) == 2 * sum((21 - s) * (11 - s) for s in range(4, 9)) == 770
    np.testing.assert_array_equal(np.bincount(labels), [385, 385])


def test_every_card_is_one_filled_square_in_the_half_of_its_label():
    cards, labels = all_cards()
    for card, label in zip(cards[..., 0], labels, strict=True):
        rows, columns = np.nonzero(card.any(1))[0], np.nonzero(card.any(0))[0]
        side = len(rows)
        assert side == len(columns) in (4, 5, 6, 7, 8)
        assert (rows[-1] - rows[0], columns[-1] - columns[0]) == (side - 1, side - 1)
        assert card.sum() == 255 * side**2
        assert set(columns // 10) == {label}


def test_no_test_card_is_ever_trained_on(data):
    train, test = as_set(data.train.inputs), as_set(data.test.inputs)
    assert (len(data.train), len(data.test)) == (300, 1_000)
    assert len(train) == 300  # all different
    assert train.isdisjoint(test)
    assert train | test < as_set(all_cards()[0])


def test_every_side_of_the_square_comes_equally_often_on_the_left_and_on_the_right(data):
    for split, count in ((data.train, 30), (data.test, 100)):
        sides = np.sqrt((split.inputs > 0).sum(axis=(1, 2, 3))).astype(int)
        for side in (4, 5, 6, 7, 8):
            np.testing.assert_array_equal(np.bincount(split.labels[sides == side]), [count, count])


def test_what_is_loaded_describes_itself(data):
    assert (data.modality, data.class_names, data.validation) == ("image", ("left", "right"), None)
    assert data.train.inputs.shape == (300, 20, 20, 1)
    assert (data.train.inputs.dtype, data.train.labels.dtype) == (np.uint8, np.int32)
    assert data.source == "TFDS retina_cards/1.0.0"


def test_two_preparations_are_equal(data, tmp_path):
    again = load_data("retina_cards", tmp_path)
    np.testing.assert_array_equal(again.train.inputs, data.train.inputs)
    np.testing.assert_array_equal(again.test.labels, data.test.labels)


@pytest.mark.parametrize(("fraction", "points"), [(0, 0), (0.1, 40), (0.25, 100)])
def test_flipping_turns_exactly_that_fraction_of_each_card(fraction, points, data):
    cards = data.test.inputs
    flipped = flip(cards, fraction, np.random.default_rng(0))
    assert (flipped.shape, flipped.dtype) == (cards.shape, np.uint8)
    assert set(np.unique(flipped)) == {0, 255}
    turned = flipped != cards
    assert set(turned.sum(axis=(1, 2, 3))) == {points}
    assert points == 0 or len(as_set(turned)) > 990  # other points on each card


@pytest.mark.parametrize("fraction", [-0.1, 1, "half"])
def test_a_fraction_that_is_none_is_refused(fraction, data):
    with pytest.raises(ArgumentError, match="`fraction` must be a number"):
        flip(data.test.inputs, fraction, np.random.default_rng(0))

"""Texts become rows of character ids."""

import numpy as np
import pytest

from keras_session5.data.characters import ALPHABET, encode, vocabulary_size
from keras_session5.errors import ArgumentError


def test_ids_are_worked_out_by_hand():
    tokens = encode(["ab", "bac", ""], alphabet="abc")
    np.testing.assert_array_equal(tokens, [[2, 3, 0], [3, 2, 4], [0, 0, 0]])
    assert tokens.dtype == np.int32


def test_characters_outside_the_alphabet_become_the_unknown_id():
    np.testing.assert_array_equal(encode(["a中b"], alphabet="ab"), [[2, 1, 3]])


def test_a_letter_and_its_combining_accent_equal_the_accented_letter():
    np.testing.assert_array_equal(encode(["e\u0301"], alphabet="aé"), [[3]])


def test_a_given_length_pads_on_the_right():
    np.testing.assert_array_equal(encode(["ab"], alphabet="ab", length=4), [[2, 3, 0, 0]])


def test_no_texts_give_no_rows():
    assert encode([], alphabet="ab").shape == (0, 0)
    assert encode([], alphabet="ab", length=5).shape == (0, 5)


def test_a_text_longer_than_the_length_is_refused_with_what_was_received():
    with pytest.raises(ArgumentError, match=r"at most 3 characters long\. Received: 4 characters, 'abab'"):
        encode(["ab", "abab"], alphabet="ab", length=3)


@pytest.mark.parametrize("length", [0, -1, 2.5, True])
def test_a_length_that_is_no_positive_integer_is_refused(length):
    with pytest.raises(ArgumentError, match="`length` must be an integer of at least 1"):
        encode(["a"], alphabet="a", length=length)


def test_the_alphabet_is_sorted_without_repetition():
    assert list(ALPHABET) == sorted(set(ALPHABET))
    assert vocabulary_size(ALPHABET) == 154

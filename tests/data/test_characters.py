"""Texts become rows of character ids."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_session5.data.characters import (
    ALPHABET,
    DATE_ALPHABET,
    ISO_ALPHABET,
    SHAKESPEARE_ALPHABET,
    begin_id,
    decode,
    encode,
    end_id,
    marked_vocabulary_size,
    vocabulary_size,
)
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


@pytest.mark.parametrize(
    ("alphabet", "size"),
    [(ALPHABET, 154), (DATE_ALPHABET, 92), (ISO_ALPHABET, 13), (SHAKESPEARE_ALPHABET, 67)],
    ids=["names", "dates", "iso", "shakespeare"],
)
def test_an_alphabet_is_sorted_without_repetition(alphabet, size):
    assert list(alphabet) == sorted(set(alphabet))
    assert vocabulary_size(alphabet) == size


def test_the_marks_follow_the_characters():
    # abc are 2, 3, 4; 5 ends, 6, 7, 8 begin
    assert end_id("abc") == vocabulary_size("abc") == 5
    assert [begin_id("abc"), begin_id("abc", 1), begin_id("abc", 2)] == [6, 7, 8]
    assert (marked_vocabulary_size("abc"), marked_vocabulary_size("abc", 3)) == (7, 9)


def test_texts_are_decoded_by_hand():
    rows = [[6, 3, 2, 5, 4], [7, 4, 0, 2, 0], [1, 2, 3, 4, 2], [5, 2, 2, 2, 2]]
    assert decode(np.array(rows), "abc") == ["ba", "c", "\ufffdabca", ""]


@given(st.lists(st.text(alphabet=ALPHABET, max_size=20)))
def test_what_was_encoded_is_decoded(texts):
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    assert decode(encode(texts, ALPHABET), ALPHABET) == texts

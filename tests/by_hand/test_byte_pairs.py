"""Byte-pair encoding: the example of the paper, its regular expression as an oracle, what is refused."""

import re
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from keras_session5.by_hand import apply_byte_pairs, learn_byte_pairs
from keras_session5.errors import ArgumentError

COUNTS = {"low": 5, "lower": 2, "newest": 6, "widest": 3}


def test_the_example_of_the_paper():
    """Sennrich et al. 2016, section 3.2: "es" 9 times, then "est" and "est_", then "lo" and "low" 7 times."""
    merges = learn_byte_pairs(COUNTS, 10)
    assert ["".join(pair) for pair in merges] == [
        *("es", "est", "est_", "lo", "low", "ne", "new", "newest_", "low_", "wi")
    ]
    assert apply_byte_pairs("lowest", merges) == ["low", "est_"], "a word that was not counted"
    assert apply_byte_pairs("lowly", merges) == ["low", "l", "y", "_"]


def spaced_merges(counts, num_merges):
    """The same with words as texts of pieces between spaces."""
    words, merges = {" ".join(f"{word}_"): count for word, count in counts.items()}, []
    for _ in range(num_merges):
        pairs = Counter()
        for text, count in words.items():
            pieces = text.split()
            for pair in pairwise(pieces):
                pairs[pair] += count
        best = max(pairs, key=pairs.get)
        pattern = re.compile(r"(?<!\S)" + re.escape(" ".join(best)) + r"(?!\S)")
        words = {pattern.sub("".join(best), text): count for text, count in words.items()}
        merges.append(best)
    return merges


@pytest.mark.parametrize("seed", range(5))
def test_merges_are_those_of_a_regular_expression(seed):
    rng = np.random.default_rng(seed)
    words = {"".join(rng.choice(list("abc"), rng.integers(1, 9))) for _ in range(20)}
    counts = {word: int(rng.integers(1, 30)) for word in sorted(words)}
    assert learn_byte_pairs(counts, 12) == spaced_merges(counts, 12)


def test_pieces_put_together_are_the_word():
    merges = learn_byte_pairs(COUNTS, 10)
    for word in (*COUNTS, "lowest", "wow", "estate"):
        assert "".join(apply_byte_pairs(word, merges)) == f"{word}_"


def test_overlapping_pairs_merge_from_the_left():
    assert apply_byte_pairs("aaa", [("a", "a")]) == ["aa", "a", "_"]


def test_it_ends_when_every_word_is_one_piece():
    assert learn_byte_pairs({"ab": 1}, 10) == [("a", "b"), ("ab", "_")]


@pytest.mark.parametrize(
    ("counts", "num_merges", "sentence"),
    [
        ({"": 1}, 1, "`word` must be a text of at least one character without '_'. Received: word=''"),
        ({"a_b": 1}, 1, "Received: word='a_b'"),
        ({"ab": 0}, 1, "`counts` must be an integer of at least 1"),
        ({"ab": 1}, 0, "`num_merges` must be an integer of at least 1"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(counts, num_merges, sentence):
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        learn_byte_pairs(counts, num_merges)

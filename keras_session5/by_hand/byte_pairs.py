"""Byte-pair encoding: how a vocabulary of pieces of words is made from a list of words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from keras_session5 import checks
from keras_session5.errors import ArgumentError

END = "_"  # marks the end of a word: "est" in "estate" and "est_" in "lowest" are different pieces


def learn_byte_pairs(counts: Mapping[str, int], num_merges: int) -> list[tuple[str, str]]:
    """Learns which neighbouring pieces to merge, the most frequent pair first.

    Every word begins as its characters and an end mark. Each round merges the pair of neighbours that is
    counted most often, everywhere; of equally frequent pairs, the one that comes first in the words.

    Args:
        counts: word -> how often it occurs.
        num_merges: number of rounds; fewer if nothing is left to merge.

    Returns:
        The merged pairs, in their order.

    Raises:
        ArgumentError: if a count or `num_merges` is not an integer of at least 1, or a word is empty or
            contains the end mark.

    Example:
        >>> learn_byte_pairs({"low": 5, "lower": 2, "newest": 6}, 2)
        [('w', 'e'), ('l', 'o')]

    Reference:
        Sennrich, Haddow, Birch (2016), "Neural Machine Translation of Rare Words with Subword Units".
    """
    checks.positive_int("num_merges", num_merges)
    words = {(*_check_word(word), END): checks.positive_int("counts", n) for word, n in counts.items()}
    merges = []
    for _ in range(num_merges):
        pairs: Counter[tuple[str, str]] = Counter()
        for pieces, count in words.items():
            for pair in pairwise(pieces):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: pairs[pair])
        words = {_merge(pieces, best): count for pieces, count in words.items()}
        merges.append(best)
    return merges


def apply_byte_pairs(word: str, merges: Sequence[tuple[str, str]]) -> list[str]:
    """Splits a word, also one that was never seen, into pieces by merges in the order of learning.

    Raises:
        ArgumentError: if the word is empty or contains the end mark.

    Example:
        >>> apply_byte_pairs("slow", [("l", "o"), ("lo", "w"), ("low", "_")])
        ['s', 'low_']
    """
    pieces = (*_check_word(word), END)
    for pair in merges:
        pieces = _merge(pieces, pair)
    return list(pieces)


def _merge(pieces: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """Joins every occurrence of a pair, from left to right."""
    merged: list[str] = []
    rest = list(pieces)
    while rest:
        width = 2 if tuple(rest[:2]) == tuple(pair) else 1
        merged.append("".join(rest[:width]))
        rest = rest[width:]
    return tuple(merged)


def _check_word(word: str) -> str:
    if not isinstance(word, str) or not word or END in word:
        raise ArgumentError(
            f"`word` must be a text of at least one character without {END!r}. Received: word={word!r}"
        )
    return word

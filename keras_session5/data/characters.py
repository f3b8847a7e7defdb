"""Characters as numbers: a fixed alphabet, and texts as rows of ids."""

import unicodedata
from collections.abc import Sequence

import numpy as np

from keras_session5.checks import positive_int
from keras_session5.errors import ArgumentError

PADDING_ID = 0
UNKNOWN_ID = 1
FIRST_CHARACTER_ID = 2

# Every character of the names in Babel 2.18.0, in sorted order. It is written out because the number of
# weights of a network depends on its length: a newer Babel may add a name, but must not change a network.
ALPHABET = (
    " \"&'(),-./:"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]"
    "abcdefghijklmnopqrstuvwxyz"
    "ÁÄÅÆÇÉÍÎÓÖØÚÜßàáâãäåæçèéêëíîïñóôõöøùúüý"
    "ăąćČčďđėęěğİıĽľŁłńňőŘřŚśŞşŠšťūůűųźżŽžșȚț"
    "\u02bb\u02bc\u0313\u2013\u2014\u2019\u201c\u201e"
)
"""The characters of `place_names`, in the order of their ids."""


def vocabulary_size(alphabet: str) -> int:
    """Returns the number of ids: padding, unknown, and one for each character."""
    return FIRST_CHARACTER_ID + len(alphabet)


def encode(texts: Sequence[str], alphabet: str, length: int | None = None) -> np.ndarray:
    """Returns texts as character ids, after NFC normalisation.

    Args:
        texts: N strings. "é" typed as one character or as two is the same after NFC.
        alphabet: the characters that ids 2, 3, ... stand for; all others become 1.
        length: T, the width of the result; the longest text's if None.

    Returns:
        (N, T) int32, padded on the right with 0.

    Raises:
        ArgumentError: a text is longer than `length`.
    """
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    tokens = np.full((len(texts), _width(texts, length)), PADDING_ID, np.int32)
    ids = {character: id_ for id_, character in enumerate(alphabet, start=FIRST_CHARACTER_ID)}
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = [ids.get(character, UNKNOWN_ID) for character in text]
    return tokens


def _width(texts: Sequence[str], length: int | None) -> int:
    longest = max(texts, key=len, default="")
    if length is None:
        return len(longest)
    positive_int("length", length)
    if len(longest) > length:
        raise ArgumentError(
            f"`texts` must be at most {length} characters long. "
            f"Received: {len(longest)} characters, {longest!r}"
        )
    return length

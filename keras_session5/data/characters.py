"""The encoding of characters as ids: fixed alphabets, and texts as rows of ids."""

import itertools
import unicodedata
from collections.abc import Sequence

import numpy as np

from keras_session5.checks import positive_int
from keras_session5.errors import ArgumentError

PADDING_ID = 0
UNKNOWN_ID = 1
FIRST_CHARACTER_ID = 2

# All characters of the names in Babel 2.18.0, sorted. The list is fixed because the number of a network's
# weights depends on its length, and a newer Babel must not change the networks.
ALPHABET = (
    " \"&'(),-./:"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]"
    "abcdefghijklmnopqrstuvwxyz"
    "ÁÄÅÆÇÉÍÎÓÖØÚÜßàáâãäåæçèéêëíîïñóôõöøùúüý"
    "ăąćČčďđėęěğİıĽľŁłńňőŘřŚśŞşŠšťūůűųźżŽžșȚț"
    "\u02bb\u02bc\u0313\u2013\u2014\u2019\u201c\u201e"
)
"""The characters of `place_names`, in the order of their ids."""

# All characters of the dates from 1950 to 2049 in the formats full, long and medium of Babel 2.18.0, sorted.
DATE_ALPHABET = " ,-.0123456789ACDEFHJKMNOPSTWabcdefghijklmnopqrstuvwxyzÇáâäåçéìíóöøúûüýăąčėěğıľłőřśŞşšūźžț"
"""The characters of `dates`, in the order of their ids."""

ISO_ALPHABET = "-0123456789"
"""The characters of a date such as 2020-03-12, in the order of their ids."""

SHAKESPEARE_ALPHABET = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""The characters of `tiny_shakespeare`, in the order of their ids."""


def vocabulary_size(alphabet: str) -> int:
    """Returns the number of ids: padding, the unknown character, and one for each character."""
    return FIRST_CHARACTER_ID + len(alphabet)


def end_id(alphabet: str) -> int:
    """Returns the id of the end mark, which follows the characters' ids."""
    return FIRST_CHARACTER_ID + len(alphabet)


def begin_id(alphabet: str, index: int = 0) -> int:
    """Returns the id of a begin mark.

    A model that generates texts of several classes has one begin mark for each; `index` is the label.
    """
    return end_id(alphabet) + 1 + index


def marked_vocabulary_size(alphabet: str, num_beginnings: int = 1) -> int:
    """Returns the number of ids including the end mark and the begin marks."""
    return end_id(alphabet) + 1 + num_beginnings


def encode(texts: Sequence[str], alphabet: str, length: int | None = None) -> np.ndarray:
    """Returns texts as character ids, after NFC normalisation.

    Args:
        texts: N strings. NFC makes "é" the same whether it consists of one character or two.
        alphabet: characters with the ids 2, 3, ...; all others become 1.
        length: width of the result, T; None for the length of the longest text.

    Returns:
        (N, T) int32, padded on the right with 0.

    Raises:
        ArgumentError: if a text is longer than `length`.
    """
    texts = [unicodedata.normalize("NFC", text) for text in texts]
    tokens = np.full((len(texts), _choose_width(texts, length)), PADDING_ID, np.int32)
    ids = {character: id_ for id_, character in enumerate(alphabet, start=FIRST_CHARACTER_ID)}
    for row, text in zip(tokens, texts, strict=True):
        row[: len(text)] = [ids.get(character, UNKNOWN_ID) for character in text]
    return tokens


def lengths(tokens: np.ndarray) -> np.ndarray:
    """Returns the lengths (N,) of sequences (N, T) padded on the right with 0."""
    return (tokens != PADDING_ID).sum(axis=1)


def trim(tokens: np.ndarray) -> np.ndarray:
    """Returns sequences (N, T) without the columns that contain only padding."""
    return tokens[:, : lengths(tokens).max()]


def decode(tokens: np.ndarray, alphabet: str) -> list[str]:
    """Decodes rows of character ids into texts.

    Args:
        tokens: (N, T) integers. A text ends before the first padding or end mark.
        alphabet: characters with the ids 2, 3, ... The unknown id becomes U+FFFD; begin marks are left out.

    Returns:
        N strings.
    """
    return [_decode_row(row, alphabet) for row in np.asarray(tokens).tolist()]


def _decode_row(row: list[int], alphabet: str) -> str:
    end = end_id(alphabet)
    ids = itertools.takewhile(lambda id_: id_ not in (PADDING_ID, end), row)
    return "".join(
        "\ufffd" if id_ == UNKNOWN_ID else alphabet[id_ - FIRST_CHARACTER_ID] for id_ in ids if id_ < end
    )


def _choose_width(texts: Sequence[str], length: int | None) -> int:
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

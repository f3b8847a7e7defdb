"""Conversions between strings and the ids of their characters, as tensors."""

import numpy as np
import tensorflow as tf

from keras_session5.data.characters import FIRST_CHARACTER_ID, UNKNOWN_ID
from keras_session5.exporting.refusal import require


def encode_text(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Strings in UTF-8 -> ids (B, T), numbered like those of `data.characters.encode`; refuses empty strings.

    TensorFlow cannot normalise Unicode: an "é" must be one character (NFC), not an "e" and an accent.
    """
    sentence = "`text` must have at least one character in every row. Received:"
    text = require(tf.strings.length(text) > 0, sentence, text, text)
    return encode_characters(text, alphabet)


def encode_characters(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Strings in UTF-8 -> ids (B, T); a string may be empty."""
    characters = tf.strings.unicode_decode(text, "UTF-8", errors="replace")
    ids = np.full(
        max(map(ord, alphabet)) + 2, UNKNOWN_ID, "int32"
    )  # the last entry is for all characters above
    ids[[ord(character) for character in alphabet]] = np.arange(len(alphabet)) + FIRST_CHARACTER_ID
    tokens = tf.gather(ids, tf.minimum(characters.to_tensor(len(ids) - 1), len(ids) - 1))
    return tokens * tf.sequence_mask(characters.row_lengths(), dtype=tf.int32)


def split_characters(text: tf.Tensor) -> tf.Tensor:
    """Strings -> their characters (B, T), known or not; "" after the end."""
    return tf.strings.unicode_split(text, "UTF-8", errors="replace").to_tensor("")


def decode_text(tokens: tf.Tensor, alphabet: str, num_beginnings: int = 1) -> tf.Tensor:
    """Ids -> strings, without padding and special tokens."""
    return tf.strings.reduce_join(decode_characters(tokens, alphabet, num_beginnings), axis=-1)


def decode_characters(tokens: tf.Tensor, alphabet: str, num_beginnings: int = 1) -> tf.Tensor:
    """Ids -> one character for each, "" for padding and special tokens."""
    characters = ["", "\ufffd", *alphabet, *[""] * (1 + num_beginnings)]
    return tf.gather(tf.constant(characters), tokens)

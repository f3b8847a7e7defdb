"""Texts as tensors: from strings to the ids of characters, and back."""

import numpy as np
import tensorflow as tf

from keras_session5.data.characters import FIRST_CHARACTER_ID, UNKNOWN_ID
from keras_session5.exporting.refusal import require


def encoded(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Strings in UTF-8 -> characters -> ids, as `data.characters.encode` numbers them.

    TensorFlow cannot normalise Unicode: an "é" must come as one character (NFC), not as "e" and an accent.
    """
    sentence = "`text` must have at least one character in every row. Received:"
    text = require(tf.strings.length(text) > 0, sentence, text, text)
    return ids_of(text, alphabet)


def ids_of(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """As `encoded`, of strings that may be empty."""
    characters = tf.strings.unicode_decode(text, "UTF-8", errors="replace")
    ids = np.full(max(map(ord, alphabet)) + 2, UNKNOWN_ID, "int32")  # the last one stands for all above
    ids[[ord(character) for character in alphabet]] = np.arange(len(alphabet)) + FIRST_CHARACTER_ID
    tokens = tf.gather(ids, tf.minimum(characters.to_tensor(len(ids) - 1), len(ids) - 1))
    return tokens * tf.sequence_mask(characters.row_lengths(), dtype=tf.int32)


def characters_of(text: tf.Tensor) -> tf.Tensor:
    """Strings -> their characters (B, T) as they were typed, known or not; "" after the end."""
    return tf.strings.unicode_split(text, "UTF-8", errors="replace").to_tensor("")


def decoded(tokens: tf.Tensor, alphabet: str, num_beginnings: int = 1) -> tf.Tensor:
    """Ids -> strings. After the end there is only padding, and marks have no character."""
    return tf.strings.reduce_join(decoded_characters(tokens, alphabet, num_beginnings), axis=-1)


def decoded_characters(tokens: tf.Tensor, alphabet: str, num_beginnings: int = 1) -> tf.Tensor:
    """Ids -> a string of one character for each, "" for padding and marks."""
    characters = ["", "\ufffd", *alphabet, *[""] * (1 + num_beginnings)]
    return tf.gather(tf.constant(characters), tokens)

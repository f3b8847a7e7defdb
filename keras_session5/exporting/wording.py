"""From what a network answers to words."""

from collections.abc import Callable

import keras
import tensorflow as tf

from keras_session5.data import DataSet
from keras_session5.data.characters import FIRST_CHARACTER_ID, PADDING_ID, UNKNOWN_ID, begin_id, end_id
from keras_session5.training import texts


def labelled(outputs: dict[str, tf.Tensor], class_names: tuple[str, ...]) -> dict[str, tf.Tensor]:
    """The outputs, with the name of the class that they say."""
    (scores,) = outputs.values()
    # One output says whether it is the second class.
    best = tf.argmax(scores, -1) if scores.shape[-1] != 1 else tf.cast(scores[:, 0] >= 0.5, tf.int64)
    return outputs | {"label": tf.gather(tf.constant(class_names), best)}


def filled(tokens: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Ids (B, T) with the likeliest character in place of each unknown one, from logits (B, T, V)."""
    # Only characters can be filled in, neither padding nor the unknown.
    best = tf.argmax(logits[:, :, FIRST_CHARACTER_ID:], -1, tf.int32) + FIRST_CHARACTER_ID
    return tf.where(tokens == UNKNOWN_ID, best, tokens)


def following(tokens: tf.Tensor, logits: tf.Tensor, alphabet: str) -> tf.Tensor:
    """The likeliest character after each id (B, T), from logits (B, T, V); "" for the end and in padding."""
    best = tf.argmax(logits[:, :, FIRST_CHARACTER_ID : end_id(alphabet) + 1], -1)
    return tf.where(tokens == PADDING_ID, "", tf.gather(tf.constant([*alphabet, ""]), best))


def decoded(tokens: tf.Tensor, alphabet: str, num_beginnings: int = 1) -> tf.Tensor:
    """Ids -> strings. After the end there is only padding, and marks have no character."""
    return tf.strings.reduce_join(decoded_characters(tokens, alphabet, num_beginnings), axis=-1)


def decoded_characters(tokens: tf.Tensor, alphabet: str, num_beginnings: int = 1) -> tf.Tensor:
    """Ids -> a string of one character for each, "" for padding and marks."""
    characters = ["", "\ufffd", *alphabet, *[""] * (1 + num_beginnings)]
    return tf.gather(tf.constant(characters), tokens)


def translator(model: keras.Model, data: DataSet) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """From ids (B, T) to what a greedy decoder writes, (B, S), and the logarithm of its probability, (B,).

    A function of its own, so that its loop is traced and saved once for all signatures.
    """
    from keras_session5.generation import translate

    marks = {"begin_id": begin_id(data.target_alphabet), "end_id": end_id(data.target_alphabet)}
    length = texts.target_length(data)

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
    def translated(source):
        return translate(model, source, length=length, **marks)

    return translated

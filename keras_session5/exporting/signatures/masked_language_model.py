"""Signatures of networks that fill in hidden characters."""

import keras
import tensorflow as tf

from keras_session5.data.characters import FIRST_CHARACTER_ID, UNKNOWN_ID, encode
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.characters import characters_of, decoded, encoded
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, explain, look_inside
from keras_session5.exporting.signatures.signature import (
    EXAMPLES,
    Signature,
    as_bytes,
    as_rectangle,
    call_model,
    serving_default,
    text_signature,
)
from keras_session5.tasks import MaskedLanguageModel


def make_signatures(model: keras.Model, task: MaskedLanguageModel) -> dict[str, Signature]:
    """With `from_text`, which returns the text with its gaps filled in."""
    inside = look_inside(model)
    return {
        "serving_default": serving_default(model, task),
        "from_text": _from_text(model, task),
        "explain": explain(model, task, inside),
        "explain_text": _explain_text(model, task, inside),
    }


def _from_text(model: keras.Model, task: MaskedLanguageModel) -> Signature:
    """A text with characters that are not in the alphabet, such as "_" -> the likeliest in their places."""
    alphabet = task.data.alphabet

    def call(text):
        tokens = _with_gaps(text, alphabet)
        return {"text": decoded(_filled(tokens, call_model(model, tokens)["logits"]), alphabet)}

    texts = _texts(task, EXAMPLES)
    return text_signature(call, texts, {"text": as_bytes(task.fill_in(model, texts))})


def _explain_text(model: keras.Model, task: MaskedLanguageModel, inside: Inside) -> Signature:
    """As `explain`, of strings; with the `text` filled in and the `characters` (B, T), as typed."""
    alphabet = task.data.alphabet

    def call(text):
        tokens = _with_gaps(text, alphabet)
        found = inside.call(tokens)
        filled = decoded(_filled(tokens, found["logits"]), alphabet)
        return found | {"characters": characters_of(text), "text": filled}

    texts = _texts(task, EXAMPLES_INSIDE)
    expected = inside.expected(encode(texts, alphabet)) | {
        "text": as_bytes(task.fill_in(model, texts)),
        "characters": as_rectangle([list(text) for text in texts]),
    }
    return text_signature(call, texts, expected, opens=True)


def _texts(task: MaskedLanguageModel, count: int) -> list[str]:
    """Test texts whose first character is a gap."""
    return ["_" + text[1:] for text in task.data.test.texts[:count]]


def _with_gaps(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """As `encoded`, of texts that each have a gap to be filled in."""
    tokens = encoded(text, alphabet)
    sentence = "`text` must have a gap to fill in, such as `_`, in every row. Received:"
    return require(tf.reduce_any(tokens == UNKNOWN_ID, axis=1), sentence, text, tokens)


def _filled(tokens: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Ids (B, T) with the likeliest character in place of each unknown one, from logits (B, T, V)."""
    # Only characters can be filled in, neither padding nor the unknown.
    best = tf.argmax(logits[:, :, FIRST_CHARACTER_ID:], -1, tf.int32) + FIRST_CHARACTER_ID
    return tf.where(tokens == UNKNOWN_ID, best, tokens)

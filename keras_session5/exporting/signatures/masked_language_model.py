"""Signatures of masked language models."""

import keras
import tensorflow as tf

from keras_session5.data.characters import FIRST_CHARACTER_ID, UNKNOWN_ID, encode
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.base import (
    EXAMPLES,
    Signature,
    as_bytes,
    as_rectangle,
    call_model,
    serving_default,
    text_signature,
)
from keras_session5.exporting.signatures.characters import decode_text, encode_text, split_characters
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, explain, look_inside
from keras_session5.tasks import MaskedLanguageModel


def make_signatures(model: keras.Model, task: MaskedLanguageModel) -> dict[str, Signature]:
    """Returns the signatures by name, with `from_text` for texts with gaps."""
    inside = look_inside(model)
    return {
        "serving_default": serving_default(model, task),
        "from_text": _from_text(model, task),
        "explain": explain(model, task, inside),
        "explain_text": _explain_text(model, task, inside),
    }


def _from_text(model: keras.Model, task: MaskedLanguageModel) -> Signature:
    """Makes `from_text`: a text with gaps, such as "_" -> the text with the likeliest characters."""
    alphabet = task.data.alphabet

    def call(text):
        tokens = _encode_gaps(text, alphabet)
        return {"text": decode_text(_fill_gaps(tokens, call_model(model, tokens)["logits"]), alphabet)}

    texts = _texts(task, EXAMPLES)
    return text_signature(call, texts, {"text": as_bytes(task.fill_in(model, texts))})


def _explain_text(model: keras.Model, task: MaskedLanguageModel, inside: Inside) -> Signature:
    """Makes `explain` for strings, with the completed `text` and the original `characters` (B, T)."""
    alphabet = task.data.alphabet

    def call(text):
        tokens = _encode_gaps(text, alphabet)
        outputs = inside.call(tokens)
        filled = decode_text(_fill_gaps(tokens, outputs["logits"]), alphabet)
        return outputs | {"characters": split_characters(text), "text": filled}

    texts = _texts(task, EXAMPLES_INSIDE)
    expected = inside.expected(encode(texts, alphabet)) | {
        "text": as_bytes(task.fill_in(model, texts)),
        "characters": as_rectangle([list(text) for text in texts]),
    }
    return text_signature(call, texts, expected, explains=True)


def _texts(task: MaskedLanguageModel, count: int) -> list[str]:
    """Returns test texts with a gap as their first character."""
    return ["_" + text[1:] for text in task.data.test.texts[:count]]


def _encode_gaps(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Encodes texts, and refuses those without a gap."""
    tokens = encode_text(text, alphabet)
    sentence = "`text` must have a gap to fill in, such as `_`, in every row. Received:"
    return require(tf.reduce_any(tokens == UNKNOWN_ID, axis=1), sentence, text, tokens)


def _fill_gaps(tokens: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Replaces each unknown id (B, T) with the likeliest character, from logits (B, T, V)."""
    # Only characters of the alphabet may fill a gap.
    best = tf.argmax(logits[:, :, FIRST_CHARACTER_ID:], -1, tf.int32) + FIRST_CHARACTER_ID
    return tf.where(tokens == UNKNOWN_ID, best, tokens)

"""Signatures of translation networks."""

from collections.abc import Callable

import keras
import tensorflow as tf

from keras_session5.data.characters import encode
from keras_session5.exporting.reading import check_length
from keras_session5.exporting.signatures.base import (
    EXAMPLES,
    Signature,
    as_bytes,
    as_rectangle,
    serving_default,
    text_signature,
)
from keras_session5.exporting.signatures.characters import (
    decode_characters,
    decode_text,
    encode_text,
    split_characters,
)
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, explain, look_inside
from keras_session5.generation import translate
from keras_session5.tasks import Translation

Search = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def make_signatures(model: keras.Model, task: Translation) -> dict[str, Signature]:
    """Returns the signatures by name, with `from_text` for greedy translation."""
    search, inside = _make_search(model, task), look_inside(model)
    return {
        "serving_default": serving_default(model, task),
        "from_text": _from_text(model, task, search),
        "explain": explain(model, task, inside),
        "explain_text": _explain_text(model, task, search, inside),
    }


def _make_search(model: keras.Model, task: Translation) -> Search:
    """Makes a graph function from ids (B, T) to the greedy translation (B, S) and its log-probability (B,).

    Its loop is traced and saved once for all signatures.
    """

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
    def search(source):
        return translate(model, source, length=task.target_length, **task.special_tokens())

    return search


def _from_text(model: keras.Model, task: Translation, search: Search) -> Signature:
    """Makes `from_text`: a text -> its translation."""
    data = task.data

    def call(text):
        tokens, scores = search(check_length(model, encode_text(text, data.alphabet)))
        return {"text": decode_text(tokens, data.target_alphabet), "log_probability": scores}

    texts = data.test.texts[:EXAMPLES]
    return text_signature(call, texts, {"text": as_bytes(task.translate(model, texts))})


def _explain_text(model: keras.Model, task: Translation, search: Search, inside: Inside) -> Signature:
    """Makes `explain` for strings, with the greedy translation as the target.

    It adds the translation `text`, the `characters` (B, T) of the source, and `target_characters` (B, S), the
    prediction at each step, "" at the end and in padding.
    """
    data = task.data

    def shift(tokens):
        """Returns the decoder's inputs for these tokens: the begin token, and all but the last of them."""
        begin = tf.fill((tf.shape(tokens)[0], 1), task.special_tokens()["begin_id"])
        return tf.concat([begin, tokens[:, :-1]], axis=1)

    def call(text):
        source = check_length(model, encode_text(text, data.alphabet))
        tokens, _ = search(source)
        return inside.call(source, shift(tokens)) | {
            "text": decode_text(tokens, data.target_alphabet),
            "characters": split_characters(text),
            "target_characters": decode_characters(tokens, data.target_alphabet),
        }

    texts = data.test.texts[:EXAMPLES_INSIDE]
    source = encode(texts, data.alphabet)
    tokens, _ = search(tf.constant(source))
    expected = inside.expected(source, shift(tokens).numpy()) | {
        "text": as_bytes(task.translate(model, texts)),
        "characters": as_rectangle([list(text) for text in texts]),
    }
    return text_signature(call, texts, expected, explains=True)

"""Signatures of networks that translate."""

from collections.abc import Callable

import keras
import tensorflow as tf

from keras_session5.data.characters import encode
from keras_session5.exporting.reading import check_length
from keras_session5.exporting.signatures.characters import (
    characters_of,
    decoded,
    decoded_characters,
    encoded,
)
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, explain, look_inside
from keras_session5.exporting.signatures.signature import (
    EXAMPLES,
    Signature,
    as_bytes,
    as_rectangle,
    serving_default,
    text_signature,
)
from keras_session5.generation import translate
from keras_session5.tasks import Translation

Search = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def make_signatures(model: keras.Model, task: Translation) -> dict[str, Signature]:
    """With `from_text`, which returns the translation that a greedy decoder finds."""
    search, inside = _make_search(model, task), look_inside(model)
    return {
        "serving_default": serving_default(model, task),
        "from_text": _from_text(model, task, search),
        "explain": explain(model, task, inside),
        "explain_text": _explain_text(model, task, search, inside),
    }


def _make_search(model: keras.Model, task: Translation) -> Search:
    """From ids (B, T) to a greedy decoder's translation, (B, S), and its log-probability, (B,).

    A function of its own, so that its loop is traced and saved once for all signatures.
    """

    @tf.function(input_signature=[tf.TensorSpec((None, None), tf.int32)], autograph=False)
    def search(source):
        return translate(model, source, length=task.target_length, **task.special_tokens())

    return search


def _from_text(model: keras.Model, task: Translation, search: Search) -> Signature:
    """A text -> its translation."""
    data = task.data

    def answer(text):
        tokens, scores = search(check_length(model, encoded(text, data.alphabet)))
        return {"text": decoded(tokens, data.target_alphabet), "log_probability": scores}

    texts = data.test.texts[:EXAMPLES]
    return text_signature(answer, texts, {"text": as_bytes(task.translate(model, texts))})


def _explain_text(model: keras.Model, task: Translation, search: Search, inside: Inside) -> Signature:
    """Translates a text as `from_text` does, and then looks at how.

    Returns the `text` too, with the `characters` (B, T) of the source and with `target_characters` (B, S):
    the prediction at each step, "" at the end and in padding, for which the decoder has read all before it.
    """
    data = task.data

    def shifted(tokens):
        """The decoder's inputs while it predicts the tokens: a beginning, and all but the last of them."""
        begin = tf.fill((tf.shape(tokens)[0], 1), task.special_tokens()["begin_id"])
        return tf.concat([begin, tokens[:, :-1]], axis=1)

    def answer(text):
        source = check_length(model, encoded(text, data.alphabet))
        tokens, _ = search(source)
        return inside.call(source, shifted(tokens)) | {
            "text": decoded(tokens, data.target_alphabet),
            "characters": characters_of(text),
            "target_characters": decoded_characters(tokens, data.target_alphabet),
        }

    texts = data.test.texts[:EXAMPLES_INSIDE]
    source = encode(texts, data.alphabet)
    tokens, _ = search(tf.constant(source))
    names = [tensor.name for tensor in model.inputs]
    inputs = dict(zip(names, [source, shifted(tokens).numpy()], strict=True))
    expected = inside.expected(inputs) | {
        "text": as_bytes(task.translate(model, texts)),
        "characters": as_rectangle([list(text) for text in texts]),
    }
    return text_signature(answer, texts, expected, opens=True)

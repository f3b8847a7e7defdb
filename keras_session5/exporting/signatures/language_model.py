"""Signatures of networks that generate text."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.data.characters import FIRST_CHARACTER_ID, PADDING_ID, begin_id, end_id
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.characters import characters_of, decoded, ids_of
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, explain, look_inside
from keras_session5.exporting.signatures.signature import (
    EXAMPLES,
    Signature,
    as_bytes,
    as_rectangle,
    serving_default,
    text_signature,
)
from keras_session5.generation import continue_texts
from keras_session5.tasks import LanguageModel


def make_signatures(model: keras.Model, task: LanguageModel) -> dict[str, Signature]:
    """With `from_text` for the likeliest continuation and `sample` for a random one."""
    inside = look_inside(model)
    return {
        "serving_default": serving_default(model, task),
        "from_text": _from_text(model, task),
        "sample": _sample(model, task),
        "explain": explain(model, task, inside),
        "explain_text": _explain_text(model, task, inside),
    }


def _from_text(model: keras.Model, task: LanguageModel) -> Signature:
    """The beginning of a text -> the text, continued with the likeliest characters."""

    def call(text):
        noise = tf.zeros((tf.shape(text)[0], task.text_length))  # nothing is left to chance
        return _continued(model, task, text, noise, 0.0)

    prompts = _prompts(task, EXAMPLES)
    expected = task.continue_prompts(model, prompts, temperature=0.0)
    return text_signature(call, prompts, {"text": as_bytes(expected)})


def _sample(model: keras.Model, task: LanguageModel) -> Signature:
    """The beginning of a text -> the text, continued by chance: the same seed gives the same text."""

    def call(text, temperature, seed):
        sentence = "`temperature` must be at least 0. Received:"
        temperature = require(temperature >= 0, sentence, temperature, temperature)
        return _continued(model, task, text, _noise(seed, task.text_length), temperature)

    specs = [
        tf.TensorSpec((None,), tf.string, "text"),
        tf.TensorSpec((None,), tf.float32, "temperature"),
        tf.TensorSpec((None,), tf.int32, "seed"),
    ]
    prompts = _prompts(task, EXAMPLES)
    seeds = np.arange(len(prompts), dtype="int32")
    # Two temperatures: an input that is the same in every row does not show what it does to other rows.
    rows = {0.6: slice(len(prompts) // 2), 1.0: slice(len(prompts) // 2, None)}
    temperatures = np.zeros(len(prompts), "float32")
    noise, expected = _noise(tf.constant(seeds), task.text_length).numpy(), []
    for temperature, some in rows.items():
        temperatures[some] = temperature
        expected += task.continue_prompts(model, prompts[some], noise[some], temperature)
    examples = {"text": as_bytes(prompts), "temperature": temperatures, "seed": seeds}
    return Signature(call, specs, examples, {"text": as_bytes(expected)})


def _explain_text(model: keras.Model, task: LanguageModel, inside: Inside) -> Signature:
    """As `explain`, of beginnings of texts.

    With the `characters` (B, T), the first of which stands for the class, such as "German:"; and with
    `next_characters` (B, T), the likeliest after each, "" for the end.
    """
    data = task.data
    marks = [f"{name}:" for name in data.class_names]  # more than one character, as no text has

    def call(text):
        tokens, label, start = _read_prompts(task, text)
        found = inside.call(tokens)
        return found | {
            "characters": tf.concat(
                [tf.gather(tf.constant(marks), label)[:, None], characters_of(start)], axis=1
            ),
            "next_characters": _next_characters(tokens, found["logits"], data.alphabet),
        }

    # Of several lengths: the padding of a row depends on the other rows. That must show.
    prompts = [one + one[-1] * (i % 3) for i, one in enumerate(_prompts(task, EXAMPLES_INSIDE))]
    tokens = task.encode_prompts(prompts)
    expected = inside.expected(tokens)
    pairs = map(task.split_prompt, prompts)
    expected["characters"] = as_rectangle([[f"{name}:", *start] for name, start in pairs])
    writable = np.array([*data.alphabet, ""])
    likeliest = expected["logits"][:, :, FIRST_CHARACTER_ID:][:, :, : len(writable)].argmax(axis=-1)
    expected["next_characters"] = as_rectangle(np.where(tokens == 0, "", writable[likeliest]).tolist())
    return text_signature(call, prompts, expected, opens=True)


def _prompts(task: LanguageModel, count: int) -> list[str]:
    """The first two characters of test texts, after their class where there are several."""
    names, test = task.data.class_names, task.data.test
    starts = zip(test.texts[:count], test.labels[:count], strict=True)
    return [(f"{names[label]}: " if len(names) > 1 else "") + text[:2] for text, label in starts]


def _continued(
    model: keras.Model, task: LanguageModel, text: tf.Tensor, noise: tf.Tensor, temperature: Any
) -> dict[str, tf.Tensor]:
    tokens, _, _ = _read_prompts(task, text)
    tokens = continue_texts(model, tokens, noise, temperature=temperature, **task.decoding_settings())
    return {"text": decoded(tokens, task.data.alphabet, len(task.data.class_names))}


def _noise(seeds: tf.Tensor, length: int) -> tf.Tensor:
    """(B, length), uniform in [0, 1): each row from its own seed, so that none depends on the others."""
    shape = tf.TensorSpec((length,), tf.float32)
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform((length,), tf.stack([seed, 0])),
        seeds,
        fn_output_signature=shape,
    )


def _next_characters(tokens: tf.Tensor, logits: tf.Tensor, alphabet: str) -> tf.Tensor:
    """The likeliest character after each id (B, T), from logits (B, T, V); "" for the end and in padding."""
    best = tf.argmax(logits[:, :, FIRST_CHARACTER_ID : end_id(alphabet) + 1], -1)
    return tf.where(tokens == PADDING_ID, "", tf.gather(tf.constant([*alphabet, ""]), best))


def _read_prompts(task: LanguageModel, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The beginning of a text, after its class where there are several, as the network reads it.

    Returns:
        Tokens (B, T), the first the mark that begins a text of that class; the numbers of the classes (B,);
        the beginnings without their classes (B,).
    """
    label, start = _class_and_start(text, task.data.class_names)
    sentence = f"`text` must be shorter than {task.text_length} characters. Received:"
    start = require(tf.strings.length(start, "UTF8_CHAR") < task.text_length, sentence, text, start)
    begin = begin_id(task.data.alphabet) + label[:, None]
    return tf.concat([begin, ids_of(start, task.data.alphabet)], axis=1), label, start


def _class_and_start(text: tf.Tensor, class_names: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """ "German: Frank" -> the number of "German" among the classes, and "Frank"."""
    if len(class_names) == 1:
        return tf.zeros_like(text, tf.int32), text
    name = _stripped(tf.strings.regex_replace(text, r"(?s):.*", ""))
    start = _stripped(tf.strings.regex_replace(text, r"(?s)^[^:]*:", ""))
    known = name[:, None] == tf.constant(class_names)
    known &= tf.strings.regex_full_match(text, r"(?s)[^:]*:.*")[:, None]
    sentence = f"`text` must begin with one of {', '.join(class_names)} and a colon. Received:"
    start = require(tf.reduce_any(known, axis=1), sentence, text, start)
    return tf.argmax(known, axis=1, output_type=tf.int32), start


def _stripped(text: tf.Tensor) -> tf.Tensor:
    """Without Unicode's white space at both ends, as Python's `strip`."""
    return tf.strings.regex_replace(text, r"^[\s\p{Z}]+|[\s\p{Z}]+$", "")

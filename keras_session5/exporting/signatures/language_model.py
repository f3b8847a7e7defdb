"""Signatures of language models."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.data.characters import FIRST_CHARACTER_ID, PADDING_ID, begin_id, end_id
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.base import (
    EXAMPLES,
    Signature,
    as_bytes,
    as_rectangle,
    serving_default,
    text_signature,
)
from keras_session5.exporting.signatures.characters import decode_text, encode_characters, split_characters
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, explain, look_inside
from keras_session5.generation import continue_texts
from keras_session5.tasks import LanguageModel


def make_signatures(model: keras.Model, task: LanguageModel) -> dict[str, Signature]:
    """Returns the signatures by name, with `from_text` and `sample` for continuations."""
    inside = look_inside(model)
    return {
        "serving_default": serving_default(model, task),
        "from_text": _from_text(model, task),
        "sample": _sample(model, task),
        "explain": explain(model, task, inside),
        "explain_text": _explain_text(model, task, inside),
    }


def _from_text(model: keras.Model, task: LanguageModel) -> Signature:
    """Makes `from_text`: a prompt -> the prompt with its greedy continuation."""

    def call(text):
        noise = tf.zeros((tf.shape(text)[0], task.text_length))
        return _continue_prompts(model, task, text, noise, 0.0)

    prompts = _prompts(task, EXAMPLES)
    expected = task.continue_prompts(model, prompts, temperature=0.0)
    return text_signature(call, prompts, {"text": as_bytes(expected)})


def _sample(model: keras.Model, task: LanguageModel) -> Signature:
    """Makes `sample`: a prompt -> the prompt with a random continuation, the same for the same seed."""

    def call(text, temperature, seed):
        sentence = "`temperature` must be at least 0. Received:"
        temperature = require(temperature >= 0, sentence, temperature, temperature)
        return _continue_prompts(model, task, text, draw_noise(seed, task.text_length), temperature)

    specs = [
        tf.TensorSpec((None,), tf.string, "text"),
        tf.TensorSpec((None,), tf.float32, "temperature"),
        tf.TensorSpec((None,), tf.int32, "seed"),
    ]
    prompts = _prompts(task, EXAMPLES)
    seeds = np.arange(len(prompts), dtype="int32")
    # Two temperatures: a constant input does not prove that rows are independent of each other.
    halves = {0.6: slice(len(prompts) // 2), 1.0: slice(len(prompts) // 2, None)}
    temperatures = np.zeros(len(prompts), "float32")
    noise, expected = draw_noise(tf.constant(seeds), task.text_length).numpy(), []
    for temperature, half in halves.items():
        temperatures[half] = temperature
        expected += task.continue_prompts(model, prompts[half], noise[half], temperature)
    examples = {"text": as_bytes(prompts), "temperature": temperatures, "seed": seeds}
    return Signature(call, specs, examples, {"text": as_bytes(expected)})


def _explain_text(model: keras.Model, task: LanguageModel, inside: Inside) -> Signature:
    """Makes `explain` for prompts.

    It adds the `characters` (B, T), with the class as the first, such as "German:", and `next_characters`
    (B, T), the likeliest after each, "" for the end.
    """
    data = task.data
    classes = [f"{name}:" for name in data.class_names]

    def call(text):
        tokens, label, start = _encode_prompts(task, text)
        outputs = inside.call(tokens)
        return outputs | {
            "characters": tf.concat(
                [tf.gather(tf.constant(classes), label)[:, None], split_characters(start)], axis=1
            ),
            "next_characters": _predict_next(tokens, outputs["logits"], data.alphabet),
        }

    # Prompts of several lengths, because the padding of a row depends on the other rows.
    prompts = [prompt + prompt[-1] * (i % 3) for i, prompt in enumerate(_prompts(task, EXAMPLES_INSIDE))]
    tokens = task.encode_prompts(prompts)
    expected = inside.expected(tokens)
    pairs = map(task.split_prompt, prompts)
    expected["characters"] = as_rectangle([[f"{name}:", *start] for name, start in pairs])
    characters = np.array([*data.alphabet, ""])
    likeliest = expected["logits"][:, :, FIRST_CHARACTER_ID:][:, :, : len(characters)].argmax(axis=-1)
    expected["next_characters"] = as_rectangle(np.where(tokens == 0, "", characters[likeliest]).tolist())
    return text_signature(call, prompts, expected, explains=True)


def _prompts(task: LanguageModel, count: int) -> list[str]:
    """Returns the first two characters of test texts, after the class if there are several."""
    names, test = task.data.class_names, task.data.test
    starts = zip(test.texts[:count], test.labels[:count], strict=True)
    return [(f"{names[label]}: " if len(names) > 1 else "") + text[:2] for text, label in starts]


def _continue_prompts(
    model: keras.Model, task: LanguageModel, text: tf.Tensor, noise: tf.Tensor, temperature: Any
) -> dict[str, tf.Tensor]:
    tokens, _, _ = _encode_prompts(task, text)
    tokens = continue_texts(model, tokens, noise, temperature=temperature, **task.decoding_settings())
    return {"text": decode_text(tokens, task.data.alphabet, len(task.data.class_names))}


def draw_noise(seeds: tf.Tensor, length: int) -> tf.Tensor:
    """Draws (B, length), uniform in [0, 1), each row from its own seed, so that rows are independent."""
    shape = tf.TensorSpec((length,), tf.float32)
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform((length,), tf.stack([seed, 0])),
        seeds,
        fn_output_signature=shape,
    )


def _predict_next(tokens: tf.Tensor, logits: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Returns the likeliest character after each id (B, T), from logits (B, T, V); "" for end and padding."""
    best = tf.argmax(logits[:, :, FIRST_CHARACTER_ID : end_id(alphabet) + 1], -1)
    return tf.where(tokens == PADDING_ID, "", tf.gather(tf.constant([*alphabet, ""]), best))


def _encode_prompts(task: LanguageModel, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Encodes prompts, which begin with a class if there are several.

    Returns:
        Tokens (B, T), each row after the begin token of its class; the numbers of the classes (B,); the
        prompts without their classes (B,).
    """
    label, start = _split_class(text, task.data.class_names)
    sentence = f"`text` must be shorter than {task.text_length} characters. Received:"
    start = require(tf.strings.length(start, "UTF8_CHAR") < task.text_length, sentence, text, start)
    begin = begin_id(task.data.alphabet) + label[:, None]
    return tf.concat([begin, encode_characters(start, task.data.alphabet)], axis=1), label, start


def _split_class(text: tf.Tensor, class_names: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Splits "German: Frank" into the number of the class "German" and the text "Frank"."""
    if len(class_names) == 1:
        return tf.zeros_like(text, tf.int32), text
    name = _strip(tf.strings.regex_replace(text, r"(?s):.*", ""))
    start = _strip(tf.strings.regex_replace(text, r"(?s)^[^:]*:", ""))
    known = name[:, None] == tf.constant(class_names)
    known &= tf.strings.regex_full_match(text, r"(?s)[^:]*:.*")[:, None]
    sentence = f"`text` must begin with one of {', '.join(class_names)} and a colon. Received:"
    start = require(tf.reduce_any(known, axis=1), sentence, text, start)
    return tf.argmax(known, axis=1, output_type=tf.int32), start


def _strip(text: tf.Tensor) -> tf.Tensor:
    """Removes Unicode white space at both ends, like Python's `strip`."""
    return tf.strings.regex_replace(text, r"^[\s\p{Z}]+|[\s\p{Z}]+$", "")

"""What an exported network can be asked: its signatures, as TensorFlow functions."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.catalog import Network
from keras_session5.exporting.explanations import explanations
from keras_session5.exporting.reading import (
    checked,
    checked_length,
    encoded,
    pixels,
    prompt,
    with_gaps,
)
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signature import (
    EXAMPLES,
    Signature,
    answers,
    as_bytes,
    image_examples,
    input_specs,
    prompts,
    questions,
    text_examples,
    text_spec,
)
from keras_session5.exporting.wording import decoded, filled, labelled, translator
from keras_session5.training import texts
from keras_session5.training.tasks import Task

__all__ = ["EXAMPLES", "Signature", "answers", "questions", "signatures"]


def signatures(entry: Network, model: keras.Model, task: Task) -> dict[str, Signature]:
    """Returns the signatures of a network by name.

    All have `serving_default`: the network's own inputs and outputs. Networks on images have
    `from_image_bytes`; those on text `from_text`, which answers with a label or with text. What goes on, a
    series or a text, has a signature for that. `explain` and its kin open the network: see `explanations`.
    """
    found = {"serving_default": _serving_default(entry, model, task)}
    expected = found["serving_default"].expected
    if entry.kind == "image":
        found["from_image_bytes"] = _from_image_bytes(entry, model, task, expected)
    if entry.task == "classification" and entry.kind == "text":
        found["from_text"] = _from_text(entry, model, task, expected)
    translate = translator(model, task.data) if entry.task == "translation" else None
    if translate is not None:
        found["from_text"] = _translate(model, task, translate)
    if entry.task == "masked_language_model":
        found["from_text"] = _fill_in(entry, model, task)
    if entry.task == "language_model":
        found["from_text"] = _write(model, task)
        found["sample"] = _sample(model, task)
    if entry.task == "forecasting":
        found["forecast"] = _forecast(model, task)
    return found | explanations(entry, model, task, translate)


def _serving_default(entry: Network, model: keras.Model, task: Task) -> Signature:
    asked = questions(entry, task)
    expected = answers(entry, model, asked)
    return Signature(lambda *x: _outputs(entry, model, *x), input_specs(model), asked, expected)


def _from_image_bytes(
    entry: Network, model: keras.Model, task: Task, expected: Mapping[str, np.ndarray]
) -> Signature:
    """As `serving_default`, of PNG or JPEG files; with the label."""

    def answer(image_bytes):
        return labelled(_outputs(entry, model, pixels(model, task.data, image_bytes)), task.data.class_names)

    spec = tf.TensorSpec((None,), tf.string, "image_bytes")
    return Signature(answer, [spec], image_examples(task), expected)


def _from_text(
    entry: Network, model: keras.Model, task: Task, expected: Mapping[str, np.ndarray]
) -> Signature:
    def answer(text):
        tokens = encoded(text, task.data.alphabet)
        return labelled(_outputs(entry, model, tokens), task.data.class_names)

    return Signature(answer, [text_spec()], text_examples(task), expected)


def _translate(model: keras.Model, task: Task, translate: Callable) -> Signature:
    """A text -> the text that a greedy decoder writes."""
    data = task.data

    def answer(text):
        source = checked_length(model, encoded(text, data.alphabet))
        tokens, scores = translate(source)
        return {"text": decoded(tokens, data.target_alphabet), "log_probability": scores}

    expected = texts.translations(model, data, data.test.texts[:EXAMPLES])
    return Signature(answer, [text_spec()], text_examples(task), {"text": as_bytes(expected)})


def _fill_in(entry: Network, model: keras.Model, task: Task) -> Signature:
    """A text with characters that are not in the alphabet, such as "_" -> the likeliest in their places."""
    alphabet = task.data.alphabet

    def answer(text):
        tokens = with_gaps(text, alphabet)
        logits = _outputs(entry, model, tokens)["logits"]
        return {"text": decoded(filled(tokens, logits), alphabet)}

    hidden = ["_" + text[1:] for text in task.data.test.texts[:EXAMPLES]]
    expected = texts.fillings(model, task.data, hidden)
    return Signature(answer, [text_spec()], {"text": as_bytes(hidden)}, {"text": as_bytes(expected)})


def _write(model: keras.Model, task: Task) -> Signature:
    """The beginning of a text -> the text, continued with the likeliest characters."""

    def answer(text):
        noise = tf.zeros((tf.shape(text)[0], texts.text_length(task.data)))  # nothing is left to chance
        return _continued(model, task, text, noise, temperature=0.0)

    asked = prompts(task)
    expected = texts.continued(model, task.data, asked, temperature=0.0)
    return Signature(answer, [text_spec()], {"text": as_bytes(asked)}, {"text": as_bytes(expected)})


def _sample(model: keras.Model, task: Task) -> Signature:
    """The beginning of a text -> the text, continued by chance: the same seed gives the same text."""
    length = texts.text_length(task.data)

    def answer(text, temperature, seed):
        sentence = "`temperature` must be at least 0. Received:"
        temperature = require(temperature >= 0, sentence, temperature, temperature)
        return _continued(model, task, text, _noise(seed, length), temperature=temperature)

    specs = [
        text_spec(),
        tf.TensorSpec((None,), tf.float32, "temperature"),
        tf.TensorSpec((None,), tf.int32, "seed"),
    ]
    asked = prompts(task)
    seeds = np.arange(len(asked), dtype="int32")
    # Two temperatures: an input that is the same in every row does not show what it does to other rows.
    rows = {0.6: slice(len(asked) // 2), 1.0: slice(len(asked) // 2, None)}
    temperatures = np.zeros(len(asked), "float32")
    noise, expected = _noise(tf.constant(seeds), length).numpy(), []
    for temperature, some in rows.items():
        temperatures[some] = temperature
        expected += texts.continued(model, task.data, asked[some], noise[some], temperature=temperature)
    examples = {"text": as_bytes(asked), "temperature": temperatures, "seed": seeds}
    return Signature(answer, specs, examples, {"text": as_bytes(expected)})


def _forecast(model: keras.Model, task: Task) -> Signature:
    """A series -> its next values, as many as the data set has."""
    from keras_session5.models.simple_rnn_waves import forecast
    from keras_session5.training.graph import compiled

    horizon = task.data.test.labels.shape[1]

    def answer(series):
        (series,) = checked(model, series)
        return {"forecast": forecast(model, series, horizon)}

    series = task.data.test.inputs[:EXAMPLES]
    expected = compiled(lambda x: forecast(model, x, horizon))(series)
    spec = tf.TensorSpec(model.inputs[0].shape, tf.float32, "series")
    return Signature(answer, [spec], {"series": series}, {"forecast": expected})


def _outputs(entry: Network, model: keras.Model, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """The network's answer."""
    asked = checked(model, *inputs)
    (name,) = entry.outputs
    return {name: model(asked if len(asked) > 1 else asked[0], training=False)}


def _continued(
    model: keras.Model, task: Task, text: tf.Tensor, noise: tf.Tensor, temperature: Any
) -> dict[str, tf.Tensor]:
    from keras_session5.generation import continue_texts

    data = task.data
    tokens, _, _ = prompt(data, text)
    settings = texts.writing_settings(data)
    tokens = continue_texts(model, tokens, noise, temperature=temperature, **settings)
    return {"text": decoded(tokens, data.alphabet, len(data.class_names))}


def _noise(seeds: tf.Tensor, length: int) -> tf.Tensor:
    """(B, length), uniform in [0, 1): each row from its own seed, so that none depends on the others."""
    shape = tf.TensorSpec((length,), tf.float32)
    return tf.map_fn(
        lambda seed: tf.random.stateless_uniform((length,), tf.stack([seed, 0])),
        seeds,
        fn_output_signature=shape,
    )

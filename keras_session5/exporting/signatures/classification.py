"""Signatures of networks that classify."""

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.data.characters import encode
from keras_session5.exporting.reading import pixels
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.characters import characters_of, encoded
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, Tensors, explain, look_inside
from keras_session5.exporting.signatures.signature import (
    EXAMPLES,
    Signature,
    as_rectangle,
    call_model,
    image_signature,
    predict,
    serving_default,
    text_signature,
)
from keras_session5.tasks import Classification

_MOST_PREFIXES = 256  # steps of a sequence that is read again from its first step to each


def make_signatures(model: keras.Model, task: Classification) -> dict[str, Signature]:
    """Files and texts have signatures that return the label, too."""
    inside = _look_inside(model, task)
    found = {"serving_default": serving_default(model, task), "explain": explain(model, task, inside)}
    if task.data.modality == "image":
        found["from_image_bytes"] = _from_image_bytes(model, task, found["serving_default"])
        found["explain_image_bytes"] = _explain_image_bytes(model, task, inside, found["explain"])
    if task.data.modality == "text":
        found["from_text"] = _from_text(model, task, found["serving_default"])
        found["explain_text"] = _explain_text(model, task, inside)
    return found


def labelled(outputs: Tensors, class_names: tuple[str, ...]) -> Tensors:
    """The outputs, with the name of the class that they predict."""
    (scores,) = outputs.values()
    # A single output is the probability of the second class.
    best = tf.argmax(scores, -1) if scores.shape[-1] != 1 else tf.cast(scores[:, 0] >= 0.5, tf.int64)
    return outputs | {"label": tf.gather(tf.constant(class_names), best)}


def _from_image_bytes(model: keras.Model, task: Classification, default: Signature) -> Signature:
    """As `serving_default`, of PNG or JPEG files; with the label."""

    def call(image_bytes):
        return labelled(call_model(model, pixels(model, task.data, image_bytes)), task.data.class_names)

    return image_signature(call, task.data.test.inputs[:EXAMPLES], default.expected)


def _explain_image_bytes(
    model: keras.Model, task: Classification, inside: Inside, explained: Signature
) -> Signature:
    """As `explain`, of PNG or JPEG files; with the label and the image (B, H, W, 1) as the network saw it."""

    def call(image_bytes):
        image = pixels(model, task.data, image_bytes)
        return _labelled(model, task, inside.call(image)) | {"image": image}

    images = task.data.test.inputs[:EXAMPLES_INSIDE]
    expected = {**explained.expected, "image": images.astype("float32")}
    return image_signature(call, images, expected, opens=True)


def _from_text(model: keras.Model, task: Classification, default: Signature) -> Signature:
    """As `serving_default`, of strings; with the label."""

    def call(text):
        tokens = encoded(text, task.data.alphabet)
        return labelled(call_model(model, tokens), task.data.class_names)

    return text_signature(call, task.data.test.texts[:EXAMPLES], default.expected)


def _explain_text(model: keras.Model, task: Classification, inside: Inside) -> Signature:
    """As `explain`, of strings; with the label and the `characters` (B, T), as typed, "" in padding."""
    data = task.data

    def call(text):
        found = inside.call(encoded(text, data.alphabet)) | {"characters": characters_of(text)}
        return _labelled(model, task, found)

    texts = data.test.texts[:EXAMPLES_INSIDE]
    expected = inside.expected(encode(texts, data.alphabet))
    expected["characters"] = as_rectangle([list(text) for text in texts])
    return text_signature(call, texts, expected, opens=True)


def _labelled(model: keras.Model, task: Classification, found: Tensors) -> Tensors:
    (name,) = model.output_names
    return found | labelled({name: found[name]}, task.data.class_names)


def _look_inside(model: keras.Model, task: Classification) -> Inside:
    """With the saliency of images, and of recurrent networks with the predictions for every prefix."""
    saliency = task.data.modality == "image"
    if not introspection.state_tensors(model):
        return look_inside(model, saliency=saliency)
    return look_inside(
        model,
        saliency=saliency,
        extra=lambda _, tokens: {"prefix_probabilities": _prefixes(model, tokens)},
        expected_extra=lambda _, tokens: {"prefix_probabilities": _expected_prefixes(model, tokens.numpy())},
    )


def _prefixes(model: keras.Model, tokens: tf.Tensor) -> tf.Tensor:
    """The outputs for the first 1, 2, ... T tokens of each row: (B, T, C).

    Each prefix is read anew, because a network that reads from both ends has other outputs for each. Row by
    row, so that many rows take time but no memory.
    """
    length = tf.shape(tokens)[1]
    sentence = f"To be explained, a sequence must have at most {_MOST_PREFIXES} tokens. Received:"
    tokens = require(length <= _MOST_PREFIXES, sentence, length, tokens)
    seen = tf.linalg.band_part(tf.ones((length, length), tf.int32), -1, 0)  # the first t tokens in row t
    return tf.map_fn(
        lambda row: model(row * seen, training=False),
        tokens,
        parallel_iterations=1,
        fn_output_signature=tf.TensorSpec((None, model.output.shape[-1]), tf.float32),
    )


def _expected_prefixes(model: keras.Model, tokens: np.ndarray) -> np.ndarray:
    rows, length = tokens.shape
    prefixes = (tokens[:, None] * np.tri(length, dtype=tokens.dtype)).reshape(-1, length)
    (found,) = predict(model, {"tokens": prefixes}).values()
    return found.reshape(rows, length, -1)

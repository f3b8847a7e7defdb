"""Signatures of classification networks."""

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.data.characters import encode
from keras_session5.exporting.reading import read_images
from keras_session5.exporting.refusal import require
from keras_session5.exporting.signatures.base import (
    EXAMPLES,
    Signature,
    add_label,
    as_rectangle,
    call_model,
    image_signature,
    predict,
    serving_default,
    text_signature,
)
from keras_session5.exporting.signatures.characters import encode_text, split_characters
from keras_session5.exporting.signatures.inside import EXAMPLES_INSIDE, Inside, Tensors, explain, look_inside
from keras_session5.tasks import Classification

_FEATURE_MAPS = ("c1", "s2", "c3", "s4", "c5", "f6")  # the paper's names
_MAX_PREFIXES = 256  # of a sequence: the network runs once for each


def make_signatures(model: keras.Model, task: Classification) -> dict[str, Signature]:
    """Returns the signatures by name; those of files and texts also return the label."""
    inside = _look_inside(model, task)
    signatures = {"serving_default": serving_default(model, task), "explain": explain(model, task, inside)}
    if task.data.modality == "image":
        signatures["from_image_bytes"] = _from_image_bytes(model, task, signatures["serving_default"])
        signatures["explain_image_bytes"] = _explain_image_bytes(model, task, inside, signatures["explain"])
    if task.data.modality == "text":
        signatures["from_text"] = _from_text(model, task, signatures["serving_default"])
        signatures["explain_text"] = _explain_text(model, task, inside)
    return signatures


def _from_image_bytes(model: keras.Model, task: Classification, default: Signature) -> Signature:
    """Makes `serving_default` for PNG or JPEG files, with the label."""

    def call(image_bytes):
        return add_label(call_model(model, read_images(model, task.data, image_bytes)), task.data.class_names)

    return image_signature(call, task.data.test.inputs[:EXAMPLES], default.expected)


def _explain_image_bytes(
    model: keras.Model, task: Classification, inside: Inside, explained: Signature
) -> Signature:
    """Makes `explain` for PNG or JPEG files, with the label and the network's input `image` (B, H, W, 1)."""

    def call(image_bytes):
        image = read_images(model, task.data, image_bytes)
        return _add_label(model, task, inside.call(image)) | {"image": image}

    images = task.data.test.inputs[:EXAMPLES_INSIDE]
    expected = {**explained.expected, "image": images.astype("float32")}
    return image_signature(call, images, expected, explains=True)


def _from_text(model: keras.Model, task: Classification, default: Signature) -> Signature:
    """Makes `serving_default` for strings, with the label."""

    def call(text):
        tokens = encode_text(text, task.data.alphabet)
        return add_label(call_model(model, tokens), task.data.class_names)

    return text_signature(call, task.data.test.texts[:EXAMPLES], default.expected)


def _explain_text(model: keras.Model, task: Classification, inside: Inside) -> Signature:
    """Makes `explain` for strings, with the label and the original `characters` (B, T), "" in padding."""
    data = task.data

    def call(text):
        outputs = inside.call(encode_text(text, data.alphabet)) | {"characters": split_characters(text)}
        return _add_label(model, task, outputs)

    texts = data.test.texts[:EXAMPLES_INSIDE]
    expected = inside.expected(encode(texts, data.alphabet))
    expected["characters"] = as_rectangle([list(text) for text in texts])
    return text_signature(call, texts, expected, explains=True)


def _add_label(model: keras.Model, task: Classification, outputs: Tensors) -> Tensors:
    (name,) = model.output_names
    return outputs | add_label({name: outputs[name]}, task.data.class_names)


def _look_inside(model: keras.Model, task: Classification) -> Inside:
    """Adds the saliency of images, and the predictions of recurrent networks for every prefix."""
    saliency = task.data.modality == "image"
    maps = [layer.name for layer in model.layers if layer.name in _FEATURE_MAPS]
    if not introspection.state_tensors(model):
        return look_inside(model, maps=maps, saliency=saliency)
    return look_inside(
        model,
        maps=maps,
        saliency=saliency,
        extra=lambda _, tokens: {"prefix_probabilities": _predict_prefixes(model, tokens)},
        expected_extra=lambda _, tokens: {"prefix_probabilities": _expect_prefixes(model, tokens.numpy())},
    )


def _predict_prefixes(model: keras.Model, tokens: tf.Tensor) -> tf.Tensor:
    """Returns the outputs for the first 1, 2, ... T tokens of each row: (B, T, C).

    The network runs on each prefix, because the states of a bidirectional network depend on the whole
    sequence; row by row, because all rows at once need too much memory.
    """
    length = tf.shape(tokens)[1]
    sentence = f"To be explained, a sequence must have at most {_MAX_PREFIXES} tokens. Received:"
    tokens = require(length <= _MAX_PREFIXES, sentence, length, tokens)
    mask = tf.linalg.band_part(tf.ones((length, length), tf.int32), -1, 0)  # the first t tokens in row t
    return tf.map_fn(
        lambda row: model(row * mask, training=False),
        tokens,
        parallel_iterations=1,
        fn_output_signature=tf.TensorSpec((None, model.output.shape[-1]), tf.float32),
    )


def _expect_prefixes(model: keras.Model, tokens: np.ndarray) -> np.ndarray:
    rows, length = tokens.shape
    prefixes = (tokens[:, None] * np.tri(length, dtype=tokens.dtype)).reshape(-1, length)
    (outputs,) = predict(model, {"tokens": prefixes}).values()
    return outputs.reshape(rows, length, -1)

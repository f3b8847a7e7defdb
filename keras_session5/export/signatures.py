"""What an exported network can be asked: its signatures, as TensorFlow functions."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.catalog import Network
from keras_session5.data import DataSet
from keras_session5.data.characters import FIRST_CHARACTER_ID, UNKNOWN_ID

_NO_LIMIT = 2**31 - 1
Signature = tuple[Callable[..., dict[str, tf.Tensor]], list[tf.TensorSpec]]


def signatures(entry: Network, model: keras.Model, data: DataSet) -> dict[str, Signature]:
    """Returns the signatures of a trained network by name: a function and the specs of its inputs.

    All have `serving_default`: the network's own inputs and outputs. Networks on images have
    `from_image_bytes` and networks on text `from_text`; their outputs include the `label`.
    """
    found = {"serving_default": _serving_default(entry, model)}
    if entry.kind == "image":
        found["from_image_bytes"] = _from_image_bytes(entry, model, data.class_names)
    if entry.kind == "text":
        found["from_text"] = _from_text(entry, model, data.class_names, data.alphabet or "")
    return found


def _serving_default(entry: Network, model: keras.Model) -> Signature:
    specs = [_spec(tensor, tensor.name) for tensor in model.inputs]
    return (lambda x: _outputs(entry, model, x)), specs


def _from_image_bytes(entry: Network, model: keras.Model, class_names: tuple[str, ...]) -> Signature:
    """PNG or JPEG bytes of any size -> grey, resized to the network's input."""
    height, width = model.inputs[0].shape[1:3]

    def pixels(image_bytes):
        # Three channels whatever the file has, because the decoder cannot turn every PNG into one.
        image = tf.io.decode_image(image_bytes, channels=3, expand_animations=False)
        grey = tf.image.rgb_to_grayscale(tf.ensure_shape(image, (None, None, 3)))
        return tf.image.resize(grey, (height, width), antialias=True)  # (height, width, 1), 0..255

    def answer(image_bytes):
        shape = tf.TensorSpec((height, width, 1), tf.float32)
        image = tf.map_fn(pixels, image_bytes, fn_output_signature=shape)
        return _labelled(_outputs(entry, model, image), class_names)

    return answer, [tf.TensorSpec((None,), tf.string, "image_bytes")]


def _from_text(entry: Network, model: keras.Model, class_names: tuple[str, ...], alphabet: str) -> Signature:
    """Strings in UTF-8 -> characters -> ids, as `data.characters.encode` numbers them.

    TensorFlow cannot normalise Unicode: an "é" must come as one character (NFC), not as "e" and an accent.
    """
    ids = np.full(max(map(ord, alphabet)) + 2, UNKNOWN_ID, "int32")  # the last one stands for all above
    ids[[ord(character) for character in alphabet]] = np.arange(len(alphabet)) + FIRST_CHARACTER_ID

    def answer(text):
        characters = tf.strings.unicode_decode(text, "UTF-8", errors="replace")
        lengths = characters.row_lengths()
        _require(lengths > 0, "`text` must have at least one character in every row.")
        tokens = tf.gather(ids, tf.minimum(characters.to_tensor(len(ids) - 1), len(ids) - 1))
        tokens *= tf.sequence_mask(lengths, dtype=tf.int32)
        return _labelled(_outputs(entry, model, tokens), class_names)

    return answer, [tf.TensorSpec((None,), tf.string, "text")]


def _outputs(entry: Network, model: keras.Model, x: tf.Tensor) -> dict[str, tf.Tensor]:
    """The network's answer. What it cannot take is refused in the graph, before any layer sees it.

    A server passes on what it is sent, and some of TensorFlow's kernels end the whole process over a
    tensor of another rank: a convolution with oneDNN does.
    """
    x = tf.ensure_shape(x, model.inputs[0].shape)
    if entry.kind == "text":
        # Networks with positions have a longest sequence; others take any.
        longest = min(getattr(layer, "max_length", _NO_LIMIT) for layer in model.layers)
        length = tf.shape(x)[1]
        _require(length > 0, "A sequence must have at least one token.")
        _require(length <= longest, f"A sequence must have at most {longest} tokens.")
    (name,) = entry.outputs
    return {name: model(x, training=False)}


def _require(fine: tf.Tensor, sentence: str) -> None:
    tf.debugging.Assert(tf.reduce_all(fine), [sentence])


def _labelled(outputs: dict[str, tf.Tensor], class_names: tuple[str, ...]) -> dict[str, tf.Tensor]:
    best = tf.argmax(outputs["probabilities"], axis=-1)
    return outputs | {"label": tf.gather(tf.constant(class_names), best)}


def _spec(tensor: Any, name: str) -> tf.TensorSpec:
    return tf.TensorSpec(tensor.shape, tensor.dtype, name)

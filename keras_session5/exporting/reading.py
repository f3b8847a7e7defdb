"""Checks and decodes a signature's inputs, inside the graph.

The graph refuses invalid inputs before any layer gets them, with an error that gives the reason. A server
passes on all requests, and some of TensorFlow's kernels end the whole process for a tensor of another rank: a
convolution with oneDNN does.
"""

from typing import Any

import keras
import tensorflow as tf

from keras_session5.data import DataSet
from keras_session5.exporting.framing import extract_ink, frame_digit
from keras_session5.exporting.refusal import require

_NO_LIMIT = 2**31 - 1
_WHITE = 255


def check_inputs(model: keras.Model, *inputs: tf.Tensor) -> list[tf.Tensor]:
    """Returns the inputs, checked for the network's ranks, sizes, ranges of values and longest sequence."""
    pairs = zip(check_shapes(model, *inputs), model.inputs, strict=True)
    return [_check_input(model, x, tensor) for x, tensor in pairs]


def check_shapes(model: keras.Model, *inputs: tf.Tensor) -> list[tf.Tensor]:
    """Returns the inputs, checked for the model's ranks and sizes."""
    pairs = zip(inputs, model.inputs, strict=True)
    return [tf.ensure_shape(x, (None, *tensor.shape[1:])) for x, tensor in pairs]


def _check_input(model: keras.Model, x: tf.Tensor, tensor: Any) -> tf.Tensor:
    if x.dtype == tf.int32:
        size = _vocabulary_size(model, tensor)
        sentence = f"A token id must be from 0 to {size - 1}. Received:"
        x = require((x >= 0) & (x < size), sentence, x, x)
    elif x.shape.rank == 4:
        sentence = f"A pixel must be from 0 to {_WHITE}. Received:"
        x = require((x >= 0) & (x <= _WHITE), sentence, x, x)  # also refuses NaN
    else:
        x = require(tf.math.is_finite(x), "An input must be a finite number. Received:", x, x)
    return check_length(model, x) if x.shape[1] is None else x


def _vocabulary_size(model: keras.Model, tokens: Any) -> int:
    """Returns the number of rows of the embedding that looks up an input."""
    tables = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    (size,) = {
        layer.input_dim
        for layer in tables
        for node in layer._inbound_nodes
        if any(tokens is one for one in node.input_tensors)
    }
    return size


def check_length(model: keras.Model, sequence: tf.Tensor) -> tf.Tensor:
    """Returns a sequence, checked for its length, which networks with positions limit."""
    max_length = min(getattr(layer, "max_length", _NO_LIMIT) for layer in model.layers)
    length = tf.shape(sequence)[1]
    unit = "token" if sequence.dtype == tf.int32 else "value"
    sequence = require(length > 0, f"A sequence must have at least one {unit}. Received:", length, sequence)
    sentence = f"A sequence must have at most {max_length} {unit}s. Received:"
    return require(length <= max_length, sentence, length, sequence)


def read_images(model: keras.Model, data: DataSet, image_bytes: tf.Tensor) -> tf.Tensor:
    """PNG or JPEG files of any size (B,) -> input images of the network: (B, height, width, 1), 0..255.

    A digit is framed like the data set's; any other image is converted to grey and resized.
    """
    height, width = model.inputs[0].shape[1:3]
    if data.framing is None:
        return resize_images(image_bytes, height, width, 1)
    framing = data.framing
    shape = tf.TensorSpec((height, width, 1), tf.float32)
    return tf.map_fn(
        lambda file: frame_digit(extract_ink(file), height, framing), image_bytes, fn_output_signature=shape
    )


def resize_images(image_bytes: tf.Tensor, height: int, width: int, channels: int) -> tf.Tensor:
    """PNG or JPEG files of any size (B,) -> (B, height, width, channels), 0..255, grey or RGB."""

    def read(file: tf.Tensor) -> tf.Tensor:
        # Always three channels: the decoder cannot convert every PNG to one.
        image = tf.io.decode_image(file, channels=3, expand_animations=False)
        image = tf.ensure_shape(image, (None, None, 3))
        image = tf.image.rgb_to_grayscale(image) if channels == 1 else image
        # Rounded weights can add up to more than 1, which makes white too bright.
        return tf.minimum(tf.image.resize(image, (height, width), antialias=True), _WHITE)

    shape = tf.TensorSpec((height, width, channels), tf.float32)
    return tf.map_fn(read, image_bytes, fn_output_signature=shape)

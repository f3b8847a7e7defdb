"""From what a signature is sent to what a network takes.

What a network cannot take is refused in the graph, before any layer sees it, with a sentence that says why. A
server passes on what it is sent, and some of TensorFlow's kernels end the whole process over a tensor of
another rank: a convolution with oneDNN does.
"""

from typing import Any

import keras
import tensorflow as tf

from keras_session5.data import DataSet
from keras_session5.exporting.framing import framed, ink_of
from keras_session5.exporting.refusal import require

_NO_LIMIT = 2**31 - 1
_WHITE = 255


def checked(model: keras.Model, *inputs: tf.Tensor) -> list[tf.Tensor]:
    """The inputs, of the network's own ranks, sizes and ranges and no longer than it can take."""
    return [_checked(model, x, tensor) for x, tensor in zip(inputs, model.inputs, strict=True)]


def _checked(model: keras.Model, x: tf.Tensor, tensor: Any) -> tf.Tensor:
    x = tf.ensure_shape(x, tensor.shape)
    if x.dtype == tf.int32:
        size = _vocabulary_size(model, tensor)
        sentence = f"A token id must be from 0 to {size - 1}. Received:"
        x = require((x >= 0) & (x < size), sentence, x, x)
    elif x.shape.rank == 4:
        sentence = f"A pixel must be from 0 to {_WHITE}. Received:"
        x = require((x >= 0) & (x <= _WHITE), sentence, x, x)  # which NaN is not either
    else:
        x = require(tf.math.is_finite(x), "An input must be a finite number. Received:", x, x)
    return checked_length(model, x) if x.shape[1] is None else x


def _vocabulary_size(model: keras.Model, tokens: Any) -> int:
    """Rows of the table that an input of the network is looked up in."""
    tables = [layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)]
    (size,) = {
        layer.input_dim
        for layer in tables
        for node in layer._inbound_nodes
        if any(tokens is one for one in node.input_tensors)
    }
    return size


def checked_length(model: keras.Model, sequence: tf.Tensor) -> tf.Tensor:
    """Networks with positions have a longest sequence; others take any."""
    longest = min(getattr(layer, "max_length", _NO_LIMIT) for layer in model.layers)
    length = tf.shape(sequence)[1]
    what = "token" if sequence.dtype == tf.int32 else "value"
    sequence = require(length > 0, f"A sequence must have at least one {what}. Received:", length, sequence)
    sentence = f"A sequence must have at most {longest} {what}s. Received:"
    return require(length <= longest, sentence, length, sequence)


def pixels(model: keras.Model, data: DataSet, image_bytes: tf.Tensor) -> tf.Tensor:
    """PNG or JPEG files of any size (B,) -> images as the network takes them: (B, height, width, 1), 0..255.

    A digit is framed as the data set's are; any other image is made grey and stretched to the network's size.
    """
    height, width = model.inputs[0].shape[1:3]

    def read(file):
        if data.framing is not None:
            return framed(ink_of(file), height, data.framing)
        # Three channels whatever the file has, because the decoder cannot turn every PNG into one.
        image = tf.io.decode_image(file, channels=3, expand_animations=False)
        grey = tf.image.rgb_to_grayscale(tf.ensure_shape(image, (None, None, 3)))
        # Rounding may leave a sum of weights above 1, and white above white.
        return tf.minimum(tf.image.resize(grey, (height, width), antialias=True), _WHITE)

    shape = tf.TensorSpec((height, width, 1), tf.float32)
    return tf.map_fn(read, image_bytes, fn_output_signature=shape)

"""From what a signature is sent to what a network takes.

What a network cannot take is refused in the graph, before any layer sees it, with a sentence that says why. A
server passes on what it is sent, and some of TensorFlow's kernels end the whole process over a tensor of
another rank: a convolution with oneDNN does.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.data import DataSet
from keras_session5.data.characters import FIRST_CHARACTER_ID, UNKNOWN_ID, begin_id
from keras_session5.exporting.framing import framed, ink_of
from keras_session5.exporting.refusal import require
from keras_session5.training import texts

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


def encoded(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """Strings in UTF-8 -> characters -> ids, as `data.characters.encode` numbers them.

    TensorFlow cannot normalise Unicode: an "é" must come as one character (NFC), not as "e" and an accent.
    """
    sentence = "`text` must have at least one character in every row. Received:"
    text = require(tf.strings.length(text) > 0, sentence, text, text)
    return _ids(tf.strings.unicode_decode(text, "UTF-8", errors="replace"), alphabet)


def with_gaps(text: tf.Tensor, alphabet: str) -> tf.Tensor:
    """As `encoded`, of texts that each have a gap to be filled in."""
    tokens = encoded(text, alphabet)
    sentence = "`text` must have a gap to fill in, such as `_`, in every row. Received:"
    return require(tf.reduce_any(tokens == UNKNOWN_ID, axis=1), sentence, text, tokens)


def characters_of(text: tf.Tensor) -> tf.Tensor:
    """Strings -> their characters (B, T) as they were typed, known or not; "" after the end."""
    return tf.strings.unicode_split(text, "UTF-8", errors="replace").to_tensor("")


def _ids(characters: tf.RaggedTensor, alphabet: str) -> tf.Tensor:
    ids = np.full(max(map(ord, alphabet)) + 2, UNKNOWN_ID, "int32")  # the last one stands for all above
    ids[[ord(character) for character in alphabet]] = np.arange(len(alphabet)) + FIRST_CHARACTER_ID
    tokens = tf.gather(ids, tf.minimum(characters.to_tensor(len(ids) - 1), len(ids) - 1))
    return tokens * tf.sequence_mask(characters.row_lengths(), dtype=tf.int32)


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


def prompt(data: DataSet, text: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The beginning of a text, after its class where there are several, as a language model reads it.

    Returns:
        Tokens (B, T), the first the mark that begins a text of that class; the numbers of the classes (B,);
        the beginnings without their classes (B,).
    """
    label, start = _class_and_start(text, data.class_names)
    length = texts.text_length(data)
    sentence = f"`text` must be shorter than {length} characters. Received:"
    start = require(tf.strings.length(start, "UTF8_CHAR") < length, sentence, text, start)
    characters = tf.strings.unicode_decode(start, "UTF-8", errors="replace")
    begin = begin_id(data.alphabet) + label[:, None]
    return tf.concat([begin, _ids(characters, data.alphabet)], axis=1), label, start


def _class_and_start(text: tf.Tensor, class_names: tuple[str, ...]) -> tuple[tf.Tensor, tf.Tensor]:
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

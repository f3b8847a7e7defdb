"""What a signature is, and the parts that the signatures of all tasks share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.exporting.reading import check_inputs
from keras_session5.tasks import Task

EXAMPLES = 64  # test examples on which the export must agree with the Keras model


@dataclass(frozen=True)
class Signature:
    """One signature of an exported network.

    Attributes:
        function: from tensors to a dictionary of tensors by output name.
        specs: of its inputs.
        examples: inputs by name, made of the first test examples.
        expected: the Keras model's outputs for them, by name.
        opens: whether it opens the network. Then it is seldom used, and no server warms it up; and sums that
            it shows may be large, so that they are compared in proportion.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    specs: list[tf.TensorSpec]
    examples: Mapping[str, np.ndarray]
    expected: Mapping[str, np.ndarray]
    opens: bool = False


def serving_default(model: keras.Model, task: Task) -> Signature:
    """The network's own inputs and outputs."""
    inputs = example_inputs(model, task)
    return Signature(lambda *x: call_model(model, *x), input_specs(model), inputs, predict(model, inputs))


def example_inputs(model: keras.Model, task: Task, count: int = EXAMPLES) -> dict[str, np.ndarray]:
    """Returns the first test examples as inputs of the network, by name; a truth table is repeated."""
    test = task.data.test
    rows = np.arange(count) % len(test)
    inputs = task.batch(test.inputs[rows], test.labels[rows], np.random.default_rng(0))[0]
    arrays = inputs if isinstance(inputs, tuple) else (inputs,)
    pairs = zip(model.inputs, arrays, strict=True)
    return {tensor.name: array.astype(tensor.dtype) for tensor, array in pairs}


def predict(model: keras.Model, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the Keras model's outputs, by name."""
    found: Any = model.predict(dict(inputs) if len(inputs) > 1 else next(iter(inputs.values())), verbose=0)  # pyright: ignore[reportArgumentType]
    return dict(zip(model.output_names, [found], strict=True))


def call_model(model: keras.Model, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the network's outputs by name, for inputs that are check_inputs first."""
    tensors = check_inputs(model, *inputs)
    (name,) = model.output_names
    return {name: model(tensors if len(tensors) > 1 else tensors[0], training=False)}


def input_specs(model: keras.Model) -> list[tf.TensorSpec]:
    """The network's own inputs."""
    return [tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name) for tensor in model.inputs]


def text_signature(
    function: Callable[..., dict[str, tf.Tensor]],
    texts: Sequence[str],
    expected: Mapping[str, np.ndarray],
    opens: bool = False,
) -> Signature:
    """A signature whose one input is `text`, a string for each row."""
    spec = tf.TensorSpec((None,), tf.string, "text")
    return Signature(function, [spec], {"text": as_bytes(texts)}, expected, opens)


def image_signature(
    function: Callable[..., dict[str, tf.Tensor]],
    images: np.ndarray,
    expected: Mapping[str, np.ndarray],
    opens: bool = False,
) -> Signature:
    """A signature whose one input is `image_bytes`, a PNG or JPEG file for each row."""
    spec = tf.TensorSpec((None,), tf.string, "image_bytes")
    pngs = np.array([tf.io.encode_png(image).numpy() for image in images], object)
    return Signature(function, [spec], {"image_bytes": pngs}, expected, opens)


def as_bytes(strings: Any) -> np.ndarray:
    return np.array([string.encode() for string in strings], object)


def as_rectangle(rows: Sequence[Sequence[str]]) -> np.ndarray:
    """Strings (B, T), "" after the end of each row."""
    width = max(map(len, rows))
    return np.array([as_bytes([*row, *[""] * (width - len(row))]) for row in rows], object)

"""The class of a signature, and the functions that the signatures of all tasks share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.errors import ArgumentError
from keras_session5.exporting.reading import check_inputs
from keras_session5.tasks import Task

EXAMPLES = 64  # from the test split, for the comparison with the Keras model


@dataclass(frozen=True)
class Signature:
    """One signature of an exported network.

    Attributes:
        function: from tensors to a dictionary of tensors by output name.
        specs: of its inputs.
        examples: inputs by name, from the first test examples.
        expected: the Keras model's outputs for the examples, by name.
        explains: whether it returns tensors inside the network. Such signatures are rarely used, so no server
            warms them up.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    specs: list[tf.TensorSpec]
    examples: Mapping[str, np.ndarray]
    expected: Mapping[str, np.ndarray]
    explains: bool = False


def serving_default(model: keras.Model, task: Task) -> Signature:
    """Makes `serving_default`: the network's own inputs -> its outputs."""
    inputs = example_inputs(model, task)
    return Signature(lambda *x: call_model(model, *x), input_specs(model), inputs, predict(model, inputs))


def example_inputs(model: keras.Model, task: Task, count: int = EXAMPLES) -> dict[str, np.ndarray]:
    """Returns the first test examples as inputs of the network, by name; repeats a truth table."""
    test = task.data.test
    rows = np.arange(count) % len(test)
    inputs = task.batch(test.inputs[rows], test.labels[rows], np.random.default_rng(0))[0]
    arrays = inputs if isinstance(inputs, tuple) else (inputs,)
    pairs = zip(model.inputs, arrays, strict=True)
    return {tensor.name: array.astype(tensor.dtype) for tensor, array in pairs}


def predict(model: keras.Model, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the Keras model's outputs, by name: of an eager call, because tracing takes longer."""
    outputs = run(model, *map(tf.constant, inputs.values()))
    return {name: keras.ops.convert_to_numpy(output) for name, output in outputs.items()}


def call_model(model: keras.Model, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Checks the inputs and returns the network's outputs by name."""
    return run(model, *check_inputs(model, *inputs))


def run(model: keras.Model, *inputs: tf.Tensor) -> dict[str, tf.Tensor]:
    """Returns the outputs of a functional model by name, of its inputs in their order."""
    outputs = model(keras.tree.pack_sequence_as(model.input, list(inputs)), training=False)
    names = introspection.output_tensors(model)
    return widen(dict(zip(names, keras.tree.flatten(outputs), strict=True)))


def widen(outputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Returns bfloat16 as float32, which holds the same values: neither JSON nor NumPy has bfloat16."""
    return {name: tf.cast(x, tf.float32) if x.dtype == tf.bfloat16 else x for name, x in outputs.items()}


def input_specs(model: keras.Model) -> list[tf.TensorSpec]:
    """Returns the specs of the inputs of a functional model, for a batch of any size."""
    pairs = zip(introspection.input_names(model), model.inputs, strict=True)
    return [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, name) for name, tensor in pairs]


def check_added(model: keras.Model, added: Iterable[str]) -> None:
    """Raises `ArgumentError` if an output of the model has the name of one that a signature adds."""
    names, added = list(introspection.output_tensors(model)), set(added)
    taken = [name for name in names if name in added]
    if taken:
        raise ArgumentError(
            f"`model` must not have an output called {taken[0]!r}, because a signature adds one. "
            f"keras.Model(model.input, {{'other_name': ...}}) renames outputs. Received: {', '.join(names)}"
        )


def add_label(outputs: dict[str, tf.Tensor], class_names: Sequence[str]) -> dict[str, tf.Tensor]:
    """Adds the name of the predicted class to the outputs."""
    (scores,) = outputs.values()
    # A single output is the probability of the second class.
    best = tf.argmax(scores, -1) if scores.shape[-1] != 1 else tf.cast(scores[:, 0] >= 0.5, tf.int64)
    return outputs | {"label": tf.gather(tf.constant(class_names), best)}


def text_signature(
    function: Callable[..., dict[str, tf.Tensor]],
    texts: Sequence[str],
    expected: Mapping[str, np.ndarray],
    explains: bool = False,
) -> Signature:
    """Makes a signature with the single input `text`, a string for each row."""
    spec = tf.TensorSpec((None,), tf.string, "text")
    return Signature(function, [spec], {"text": as_bytes(texts)}, expected, explains)


def image_signature(
    function: Callable[..., dict[str, tf.Tensor]],
    images: np.ndarray,
    expected: Mapping[str, np.ndarray],
    explains: bool = False,
) -> Signature:
    """Makes a signature with the single input `image_bytes`, a PNG or JPEG file for each row."""
    spec = tf.TensorSpec((None,), tf.string, "image_bytes")
    pngs = np.array([tf.io.encode_png(image).numpy() for image in images], object)
    return Signature(function, [spec], {"image_bytes": pngs}, expected, explains)


def as_bytes(strings: Iterable[str]) -> np.ndarray:
    """Returns strings as an array of UTF-8 bytes (B,)."""
    return np.array([string.encode() for string in strings], object)


def as_rectangle(rows: Sequence[Sequence[str]]) -> np.ndarray:
    """Returns rows of strings as an array of UTF-8 bytes (B, T), "" after the end of each row."""
    width = max(map(len, rows))
    return np.array([as_bytes([*row, *[""] * (width - len(row))]) for row in rows], object)

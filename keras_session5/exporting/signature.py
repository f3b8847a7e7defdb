"""What a signature is, and what it is tried on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5.catalog import Network
from keras_session5.training.tasks import Task

EXAMPLES = 64  # test examples on which the export must agree with the Keras model


@dataclass(frozen=True)
class Signature:
    """One way to ask an exported network.

    Attributes:
        function: from tensors to a dictionary of tensors by output name.
        specs: of its inputs.
        examples: inputs by name, made of the first test examples.
        expected: what the Keras model answers to them, by output name.
        opens: whether it opens the network. Then it is seldom asked, and no server warms it up; and sums that
            it shows may be large, so that they are compared in proportion.
    """

    function: Callable[..., dict[str, tf.Tensor]]
    specs: list[tf.TensorSpec]
    examples: Mapping[str, np.ndarray]
    expected: Mapping[str, np.ndarray]
    opens: bool = False


def questions(entry: Network, task: Task, count: int = EXAMPLES) -> dict[str, np.ndarray]:
    """The first test examples as the network is asked them, by input name; a truth table is repeated."""
    test = task.data.test
    rows = np.arange(count) % len(test)
    asked = task.batch(test.inputs[rows], test.labels[rows], np.random.default_rng(0))[0]
    arrays = asked if isinstance(asked, tuple) else (asked,)
    return {
        name: array.astype(tensor.dtype)
        for (name, tensor), array in zip(entry.inputs.items(), arrays, strict=True)
    }


def answers(entry: Network, model: keras.Model, asked: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the Keras model answers, by output name."""
    found: Any = model.predict(dict(asked) if len(asked) > 1 else next(iter(asked.values())), verbose=0)  # pyright: ignore[reportArgumentType]
    return dict(zip(entry.outputs, [found], strict=True))


def input_specs(model: keras.Model) -> list[tf.TensorSpec]:
    """The network's own inputs."""
    return [tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name) for tensor in model.inputs]


def text_spec() -> tf.TensorSpec:
    return tf.TensorSpec((None,), tf.string, "text")


def text_examples(task: Task, count: int = EXAMPLES) -> dict[str, np.ndarray]:
    return {"text": as_bytes(task.data.test.texts[:count])}


def image_examples(task: Task, count: int = EXAMPLES) -> dict[str, np.ndarray]:
    pngs = [tf.io.encode_png(image).numpy() for image in task.data.test.inputs[:count]]
    return {"image_bytes": np.array(pngs, object)}


def prompts(task: Task, count: int = EXAMPLES) -> list[str]:
    """The first two characters of test texts, after their class where there are several."""
    names, test = task.data.class_names, task.data.test
    starts = zip(test.texts[:count], test.labels[:count], strict=True)
    return [(f"{names[label]}: " if len(names) > 1 else "") + text[:2] for text, label in starts]


def as_bytes(strings: Any) -> np.ndarray:
    return np.array([string.encode() for string in strings], object)

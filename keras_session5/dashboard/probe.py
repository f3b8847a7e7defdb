"""Activations and gradients of a fixed batch."""

from typing import Any

import keras
import numpy as np

from keras_session5 import introspection
from keras_session5.dashboard.arrays import to_numpy
from keras_session5.data import subset
from keras_session5.data.characters import trim
from keras_session5.tasks import Task

_EXAMPLES = 32


class Probe:
    """Asks a network the same few training examples again and again, as it answers when it is not trained.

    It draws no random number and changes nothing of the network: training goes on as if it were not there.
    Each layer is called as it is, without a graph being traced: for the few times that a run is looked at,
    tracing would take longer.

    Args:
        model: compiled.
        task: what it is trained for.
    """

    def __init__(self, model: Any, task: Task):
        self.model = model
        layers = [layer.name for layer in model.layers if _tells_something(layer)]
        self.opened = introspection.layer_outputs(model, layers)
        split = subset(task.train, _EXAMPLES, seed=0)
        inputs = trim(split.inputs) if split.is_text else split.inputs
        self.batch = task.batch(inputs, split.labels, np.random.default_rng(0))

    def look(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Returns the activations of the layers, (B, ...) each, and the gradients of the weights that learn.

        The gradient is that of the loss of the batch, its mean over the examples or tokens that count.
        """
        differentiated = _differentiated_by_jax if keras.backend.backend() == "jax" else _differentiated
        answer, gradients = differentiated(self.model, self.opened, *self.batch)
        activations = {name: to_numpy(tensor) for name, tensor in answer.items()}
        paths = [weight.path for weight in self.opened.trainable_variables]
        pairs = zip(paths, gradients, strict=True)
        found = {path: to_numpy(one) for path, one in pairs if one is not None}
        return activations, found


def gradient_norm(gradients: dict[str, np.ndarray]) -> float:
    """The length of all gradients as one vector."""
    return float(np.sqrt(sum(np.square(one, dtype="float64").sum() for one in gradients.values())))


def _tells_something(layer: Any) -> bool:
    """Whether a layer does something when nothing is trained, and answers in numbers to measure."""
    idle = (keras.layers.InputLayer, keras.layers.Dropout)
    return not isinstance(layer, idle) and keras.backend.is_float_dtype(layer.output.dtype)


def _differentiated(model, opened, asked, answer, counts=None) -> tuple[dict[str, Any], list[Any]]:
    import tensorflow as tf

    weights = [weight.value for weight in opened.trainable_variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        found = opened(asked, training=False)
        loss = _loss(model, asked, answer, counts, found)
    # Of an embedding only the rows that were looked up are given: all rows, with zeros, are compared easier.
    return found, [None if one is None else tf.convert_to_tensor(one) for one in tape.gradient(loss, weights)]


def _differentiated_by_jax(model, opened, asked, answer, counts=None) -> tuple[dict[str, Any], list[Any]]:
    import jax  # pyright: ignore[reportMissingImports]

    fixed = [weight.value for weight in opened.non_trainable_variables]

    def loss_of(weights):
        found, _ = opened.stateless_call(weights, fixed, asked, training=False)
        return _loss(model, asked, answer, counts, found), found

    weights = [weight.value for weight in opened.trainable_variables]
    (_, found), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
    return found, gradients


def _loss(model, asked, answer, counts, found):
    own = found[model.output_names[0]]
    return model.compute_loss(asked, answer, own, sample_weight=counts, training=False)

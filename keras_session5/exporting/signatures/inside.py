"""The signatures that open a network: what its layers compute, where it looks, which pixels count.

`explain` takes the network's own inputs, `explain_text` strings and `explain_image_bytes` files. They return
all outputs of `serving_default`, and

    networks of convolutions     every feature map by the layer's name
    recurrent networks           states, and the predictions for each beginning of the sequence
    networks with attention      the weights of all layers, (B, L, H, queries, keys)
    the others                   weighted sum and activation of every layer that has weights
    all that see images          saliency

All are made of TensorFlow's standard operations.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.exporting.reading import check_inputs
from keras_session5.exporting.signatures.signature import Signature, example_inputs, input_specs, predict
from keras_session5.tasks import Task

EXAMPLES_INSIDE = 16  # that the export is compared on: these outputs are large
FEATURE_MAPS = ("c1", "s2", "c3", "s4", "c5", "f6")  # the paper's names

Tensors = dict[str, Any]
Extra = Callable[..., Tensors]


@dataclass(frozen=True)
class Inside:
    """A network opened.

    Attributes:
        call: from the network's inputs to its outputs and what is computed inside. It is a function of its
            own, so that its graph is traced and saved once for all signatures.
        expected: from arrays by input name to the same, seen in the Keras model itself.
    """

    call: Callable[..., Tensors]
    expected: Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


def look_inside(
    model: keras.Model,
    *,
    saliency: bool = False,
    extra: Extra | None = None,
    expected_extra: Extra | None = None,
) -> Inside:
    """Opens a network.

    Args:
        saliency: whether it sees images.
        extra: from the outputs found so far, and the inputs, to more of them.
        expected_extra: the same in another way, to compare with; `extra` if None.
    """
    look = _looking(model, saliency)

    @tf.function(input_signature=input_specs(model), autograph=False)
    def call(*inputs):
        inputs = check_inputs(model, *inputs)
        found = look(*inputs)
        return found | extra(found, *inputs) if extra else found

    def expected(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        tensors = [tf.constant(array) for array in inputs.values()]
        found = look(*tensors)
        more = expected_extra or extra
        found |= more(found, *tensors) if more else {}
        return {name: np.asarray(tensor) for name, tensor in found.items()} | predict(model, inputs)

    return Inside(call, expected)


def explain(model: keras.Model, task: Task, inside: Inside) -> Signature:
    """The network's own inputs -> its outputs and what is computed inside."""
    inputs = example_inputs(model, task, EXAMPLES_INSIDE)
    return Signature(
        lambda *x: inside.call(*x), input_specs(model), inputs, inside.expected(inputs), opens=True
    )


def _looking(model: keras.Model, saliency: bool) -> Callable[..., Tensors]:
    """From inputs that the network can take to its outputs and what is inside, in a graph or eagerly."""
    attention, states = introspection.attention_tensors(model), introspection.state_tensors(model)
    maps = [layer.name for layer in model.layers if layer.name in FEATURE_MAPS]
    tensors = (
        attention or states or introspection.layer_tensors(model, maps) or introspection.unit_tensors(model)
    )
    scores = introspection.score_tensors(model) if saliency else {}
    opened = introspection.opened(model, tensors | scores)

    def look(*inputs):
        if saliency:
            found, pixels = introspection.outputs_and_saliency(opened, *inputs)
            found["saliency"] = pixels
        else:
            tensors = [*inputs]
            found = dict(opened(tensors if len(tensors) > 1 else tensors[0], training=False))
        if attention:
            found = _stacked(found, list(attention))
        if states:
            found = _named_states(found, list(states))
        return found

    return look


def _stacked(found: Tensors, names: list[str]) -> Tensors:
    """The weights of all layers in one tensor: of the encoder, the decoder and between them, or of all."""
    groups = introspection.attention_groups(names).items()
    return found | {group: tf.stack([found.pop(name) for name in of], axis=1) for group, of in groups}


def _named_states(found: Tensors, names: list[str]) -> Tensors:
    """`states` of the last recurrent layer, `states_1` and so on of those before it."""
    *before, last = [found.pop(name) for name in names]
    return found | {f"states_{i}": states for i, states in enumerate(before, 1)} | {"states": last}

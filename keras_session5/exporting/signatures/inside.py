"""The signatures that explain a network: layer outputs, attention weights, hidden states, saliency.

`explain` takes the network's own inputs, `explain_text` strings and `explain_image_bytes` files. They return
all outputs of `serving_default`, and

    convolutional networks     every feature map, by the layer's name
    recurrent networks         states, and the predictions for each prefix of the sequence
    networks with attention    the weights of all layers, (B, L, H, queries, keys)
    other networks             weighted sum and activation of every dense layer
    all networks on images     saliency

All operations are TensorFlow's standard ones.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.errors import ArgumentError
from keras_session5.exporting.reading import check_inputs
from keras_session5.exporting.signatures.base import (
    Signature,
    check_added,
    example_inputs,
    input_specs,
    predict,
    widen,
)
from keras_session5.tasks import Task

EXAMPLES_INSIDE = 16  # for the comparison with the Keras model: these outputs are large
_INSIDE = "inside "

Tensors = dict[str, Any]
Check = Callable[..., list[tf.Tensor]]
Extra = Callable[..., Tensors]


@dataclass(frozen=True)
class Inside:
    """The outputs of a network and of its layers.

    Attributes:
        call: graph function from the network's inputs to its outputs and the tensors inside. It is traced
            and saved once for all signatures.
        expected: function from the network's inputs, arrays, to the same outputs from the Keras model.
    """

    call: Callable[..., Tensors]
    expected: Callable[..., dict[str, np.ndarray]]


def look_inside(
    model: keras.Model,
    *,
    maps: Iterable[str] = (),
    saliency: bool = False,
    check: Check = check_inputs,
    extra: Extra | None = None,
    expected_extra: Extra | None = None,
) -> Inside:
    """Returns the functions that compute the tensors inside a network.

    Args:
        model: a functional model.
        maps: names of the layers whose outputs are feature maps.
        saliency: whether the inputs are images.
        check: function from the model and its inputs in a graph to the valid inputs.
        extra: function from the outputs so far, and the inputs, to further outputs.
        expected_extra: another implementation to compare with; `extra` if None.
    """
    look = _make_look(model, maps, saliency)

    @tf.function(input_signature=input_specs(model), autograph=False)
    def call(*inputs):
        inputs = check(model, *inputs)
        outputs = look(*inputs)
        return outputs | extra(outputs, *inputs) if extra else outputs

    def expected(*arrays: np.ndarray) -> dict[str, np.ndarray]:
        tensors = [tf.constant(array) for array in arrays]
        outputs = look(*tensors)
        add = expected_extra or extra
        outputs |= add(outputs, *tensors) if add else {}
        inputs = dict(zip(introspection.input_names(model), arrays, strict=True))
        return {name: np.asarray(tensor) for name, tensor in outputs.items()} | predict(model, inputs)

    return Inside(call, expected)


def explain(model: keras.Model, task: Task, inside: Inside) -> Signature:
    """Makes `explain`, with the first test examples."""
    return explain_inputs(model, example_inputs(model, task, EXAMPLES_INSIDE), inside)


def explain_inputs(model: keras.Model, inputs: Mapping[str, np.ndarray], inside: Inside) -> Signature:
    """Makes `explain`: the network's own inputs -> its outputs and the tensors inside."""
    expected = inside.expected(*inputs.values())
    return Signature(lambda *x: inside.call(*x), input_specs(model), inputs, expected, explains=True)


def _make_look(model: keras.Model, maps: Iterable[str], saliency: bool) -> Callable[..., Tensors]:
    """Makes a function from valid inputs to outputs and tensors inside, for graphs and eager calls."""
    attention, states = introspection.attention_tensors(model), introspection.state_tensors(model)
    others = introspection.layer_tensors(model, maps)
    if not attention | states | others:
        others = introspection.unit_tensors(model)
    scores = introspection.score_tensors(model) if saliency else {}
    if not attention | states | others | scores:
        raise ArgumentError(
            "`signatures` must leave out 'explain' for this model: it has no image as its input, and no "
            "attention, recurrent, convolution or dense layer of its own. A subclassed model is one closed "
            f"layer; build it with keras.Model(inputs, outputs). Received: {model.name}, with the layers "
            f"{', '.join(layer.name for layer in model.layers)}"
        )
    # An output of the network may have the same name as its layer, or be called `scores`.
    renamed = {_INSIDE + name: tensor for name, tensor in (attention | states | scores).items()}
    opened = introspection.opened(model, renamed | others)
    groups = introspection.attention_groups(attention)
    # The last recurrent layer's states are `states`, those of the layers before it `states_1`, ...
    state_names = [*(f"states_{i}" for i in range(1, len(states))), "states"] if states else []
    outputs = introspection.output_tensors(model)
    hidden = {name for name, tensor in others.items() if outputs.get(name, tensor) is not tensor}
    check_added(model, {*groups, *state_names, *hidden, *(["saliency"] if saliency else [])})

    def look(*inputs: Any) -> Tensors:
        if saliency:
            outputs, pixels = introspection.outputs_and_saliency(
                opened, *inputs, scores=_INSIDE + introspection.SCORES
            )
            outputs["saliency"] = pixels
        else:
            structure = keras.tree.pack_sequence_as(opened.input, list(inputs))
            outputs = dict(opened(structure, training=False))
        for group, names in groups.items():
            outputs[group] = tf.stack([outputs.pop(_INSIDE + name) for name in names], 1)
        outputs |= {new: outputs.pop(_INSIDE + name) for new, name in zip(state_names, states, strict=True)}
        return widen(outputs)

    return look

"""The tensors inside a network: layer outputs, weighted sums, hidden states and attention weights.

The `..._tensors` functions return symbolic tensors of a functional model by name; `opened` makes a model that
outputs them along with the network's own outputs. The network's layers are not called again: their outputs
stay exactly the same, and the new model has the same weights and no others.

    opened(model, layer_tensors(model, ["c1", "s2"]) | score_tensors(model))

`layer_outputs` and `attention_weights` cover the most frequent uses.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.layers import CausalAttention

SCORES = "scores"
_CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)
_RECURRENT = (layers.SimpleRNN, layers.GRU, layers.LSTM, layers.Bidirectional)


def layer_outputs(model: Any, names: Iterable[str]) -> keras.Model:
    """Makes a model with shared weights that outputs some layers' outputs.

    Reuse it for many calls: each new model adds a node to the network's layers.

    Args:
        model: a functional model.
        names: of layers. For a layer that is called several times, such as a shared embedding, the first call
            counts.

    Returns:
        Model from the network's inputs to a dictionary: its own outputs and those of the layers, by name.

    Raises:
        ArgumentError: for an unknown layer.
    """
    return opened(model, layer_tensors(model, names))


def attention_weights(model: Any, inputs: Any) -> dict[str, Any]:
    """Computes the attention weights of every query and key, in every attention layer.

    For many calls, make `opened(model, attention_tensors(model))` once instead.

    Args:
        model: a functional model.
        inputs: of the model.

    Returns:
        Layer name -> tensor (B, H, Q, K) in the order of the layers; each row sums to 1, and masked keys have
        weight 0. Empty for a network without attention.
    """
    tensors = attention_tensors(model)
    return keras.Model(model.input, tensors)(inputs, training=False) if tensors else {}


def as_functional(model: Any) -> keras.Model | None:
    """Returns a built model as a functional one with the same layers; None for a subclassed one."""
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    return model if hasattr(model, "inputs") else None


def opened(model: Any, tensors: Mapping[str, Any]) -> keras.Model:
    """Makes a model from the network's inputs to its own outputs and further tensors.

    Args:
        model: a functional model.
        tensors: name -> symbolic tensor computed from the model's inputs.

    Returns:
        Model that outputs a dictionary: the network's own outputs by name, and `tensors`.
    """
    return keras.Model(model.input, {**tensors, **output_tensors(model)}, name=f"{model.name}_opened")


def input_names(model: Any) -> list[str]:
    """Returns the names of a functional model's inputs: the keys of a dictionary, or the names of the layers.

    Other characters than letters, digits and "_" become "_", as in TensorFlow's signatures.
    """
    names = name_leaves(model.input, [tensor._keras_history.operation.name for tensor in model.inputs])
    return [re.sub(r"\W", "_", name) for name in names]


def output_tensors(model: Any) -> dict[str, Any]:
    """Returns the outputs of a functional model, by the keys of a dictionary or the names of the layers."""
    return dict(zip(name_leaves(model.output, model.output_names), model.outputs, strict=True))


def name_leaves(structure: Any, others: Sequence[str]) -> list[str]:
    """Names the tensors of a structure by their keys, joined by "_".

    Places in a list count from 1, and so does a name that occurs again.

    Args:
        structure: of tensors.
        others: the names of tensors that have no key, one for each tensor of the structure.
    """
    names: list[str] = []
    for (path, _), name in zip(keras.tree.flatten_with_path(structure), others, strict=True):
        if any(isinstance(key, str) for key in path):
            name = "_".join(str(key + 1 if isinstance(key, int) else key) for key in path)
        again = sum(name == other for other in names)
        names.append(f"{name}_{again}" if again else name)
    return names


def layer_tensors(model: Any, names: Iterable[str]) -> dict[str, Any]:
    """Returns the outputs of layers, by name."""
    known = [layer.name for layer in model.layers]
    return {name: model.get_layer(checks.one_of("name", name, known)).output for name in names}


def convolution_names(model: Any) -> list[str]:
    """Returns the names of the convolution layers, in their order."""
    return [layer.name for layer in model.layers if isinstance(layer, _CONVOLUTIONS)]


def attention_tensors(model: Any) -> dict[str, Any]:
    """Returns the weights (B, H, Q, K) of every `MultiHeadAttention` and `CausalAttention`, by layer name."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, (layers.MultiHeadAttention, CausalAttention)):
            args, kwargs = _get_call(layer)
            kwargs = {key: value for key, value in kwargs.items() if key != "return_attention_scores"}
            found[layer.name] = _AttentionWeights(layer, name=f"{layer.name}_weights")(*args, **kwargs)
    return found


def attention_groups(tensors: Mapping[str, Any]) -> dict[str, list[str]]:
    """Groups the names of attention layers by the sequences of their queries and keys, in their order.

    Args:
        tensors: from `attention_tensors`. Layers of different shapes are groups of their own, by their names.

    Returns:
        `encoder_attention`, `decoder_attention` and `cross_attention` (queries from the decoder, keys from
        the encoder) for a network with both; `attention` for any other.
    """
    groups: dict[str, list[str]] = {}
    for name in tensors:
        part = "cross_" if name.endswith("_cross") else ""
        for half in ("encoder_", "decoder_"):
            part = part or (half if name.startswith(half) else "")
        groups.setdefault(f"{part}attention", []).append(name)
    found: dict[str, list[str]] = {}
    for group, names in groups.items():
        same = len({tensors[name].shape[1:] for name in names}) == 1
        found |= {group: names} if same else {name: [name] for name in names}
    return found


def state_tensors(model: Any) -> dict[str, Any]:
    """Returns the hidden states (B, T, U) after each step of every recurrent layer, by layer name.

    A bidirectional layer has the states of both directions, concatenated: at each step, the forward states
    depend on the tokens up to it and the backward states on the tokens from it on. States at padding are
    meaningless.
    """
    return {layer.name: _get_states(layer) for layer in model.layers if isinstance(layer, _RECURRENT)}


def unit_tensors(model: Any) -> dict[str, Any]:
    """Returns `<layer>_sum`, the weighted sum with the bias, and `<layer>_activation` of every dense layer.

    Rescaling and activation as layers of their own, as after the photo-perceptron's wiring, belong to the
    dense layer before them: a threshold is a bias.
    """
    found, name = {}, ""
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            name = layer.name
            found[f"{name}_sum"] = _add_weighted_sum(layer, f"{name}_sum")
            found[f"{name}_activation"] = layer.output
        elif name and layer.input is found[f"{name}_activation"]:
            if isinstance(layer, layers.Rescaling):
                found[f"{name}_sum"] = found[f"{name}_activation"] = layer.output
            elif isinstance(layer, layers.Activation):
                found[f"{name}_activation"] = layer.output
    return found


def score_tensors(model: Any) -> dict[str, Any]:
    """Returns `scores` (B, units), the inputs of the last layer's softmax, logistic function or step.

    Any other last layer's outputs are the scores.
    """
    (output,) = model.outputs
    last = output._keras_history.operation
    if isinstance(last, layers.Dense):
        return {SCORES: _add_weighted_sum(last, f"{last.name}_scores")}
    return {SCORES: last.input if isinstance(last, (layers.Activation, layers.Softmax)) else output}


class _AttentionWeights(layers.Layer):
    """Outputs the attention weights of another layer; it has no variables of its own."""

    def __init__(self, attention, **kwargs):
        super().__init__(dtype=attention.dtype_policy, **kwargs)
        self.supports_masking = True
        self.causal = isinstance(attention, CausalAttention)
        self.attention = attention.attention if self.causal else attention

    def call(self, query, value=None, **kwargs):
        if self.causal:
            value, kwargs = query, {"use_causal_mask": True}
        return self.attention(query, value, **kwargs, return_attention_scores=True)[1]

    def compute_output_spec(self, query, value=None, **kwargs):
        keys = query if value is None else value
        shape = (query.shape[0], self.attention.num_heads, query.shape[1], keys.shape[1])
        return keras.KerasTensor(shape, dtype=self.compute_dtype)


class _WeightedSum(layers.Layer):
    """Outputs the weighted sum of another layer, without its activation."""

    def __init__(self, dense, **kwargs):
        super().__init__(dtype=dense.dtype_policy, **kwargs)
        self.dense = dense

    def call(self, x):
        x = ops.matmul(x, self.dense.kernel)
        return x if self.dense.bias is None else x + self.dense.bias


def _add_weighted_sum(dense, name: str):
    return _WeightedSum(dense, name=name)(dense.input)


def _get_states(layer):
    """Returns all states of a layer, from a second loop if the layer outputs only the last."""
    if layer.return_sequences:
        return layer.output[0] if layer.return_state else layer.output
    args, kwargs = _get_call(layer)
    if not isinstance(layer, layers.Bidirectional):
        return _make_loop(layer)(*args, **kwargs)
    forward, backward = (
        _make_loop(one)(*args, **kwargs) for one in (layer.forward_layer, layer.backward_layer)
    )
    return ops.concatenate([forward, ops.flip(backward, axis=1)], axis=-1)


def _make_loop(layer):
    name = f"{layer.name}_get_states"
    return layers.RNN(layer.cell, return_sequences=True, go_backwards=layer.go_backwards, name=name)


def _get_call(layer) -> tuple[tuple, dict]:
    """Returns the arguments of a layer's first call, masks included; `layer.input` lacks their names."""
    arguments = layer._inbound_nodes[0].arguments
    return arguments.args, arguments.kwargs

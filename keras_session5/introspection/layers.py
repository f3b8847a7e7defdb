"""What happens inside a network: the outputs of its layers, weighted sums, hidden states, attention weights.

The `..._tensors` functions give symbolic tensors of a functional model by name; `opened` makes a model that
answers with them beside the network's own answer. Nothing of the network is called anew: it computes what it
always does, to the last digit, and the new model has the same weights and no others.

    opened(model, layer_tensors(model, ["c1", "s2"]) | score_tensors(model))

For what is asked most there are `layer_outputs` and `attention_weights`.
"""

import keras
from keras import layers, ops

from keras_session5 import checks
from keras_session5.layers import CausalAttention

SCORES = "scores"


def layer_outputs(model, names) -> keras.Model:
    """A model that answers with the outputs of some layers, weights shared.

    Make it once and ask it often: each new one leaves a trace in the network's layers.

    Args:
        model: a functional model.
        names: of layers. Of one that is called several times, such as a shared embedding, its first output.

    Returns:
        Model from the network's inputs to a dictionary: its own outputs by their names, and those layers'.

    Raises:
        ArgumentError: for a layer that the network does not have.
    """
    return opened(model, layer_tensors(model, names))


def attention_weights(model, inputs) -> dict:
    """How much each query looks at each key, in every attention layer.

    Whoever asks the same network often makes `opened(model, attention_tensors(model))` once instead.

    Args:
        model: a functional model.
        inputs: as the model takes them.

    Returns:
        Layer name -> tensor (B, H, Q, K) in the order of the layers; each row sums to 1, and keys that are
        masked have 0. Empty for a network without attention.
    """
    tensors = attention_tensors(model)
    return keras.Model(model.input, tensors)(inputs, training=False) if tensors else {}


def opened(model, tensors) -> keras.Model:
    """A model from the network's inputs to its own outputs and more.

    Args:
        model: a functional model.
        tensors: name -> symbolic tensor that follows from the model's inputs.

    Returns:
        Model that answers with a dictionary: the network's own outputs by their names, and `tensors`.
    """
    own = dict(zip(model.output_names, model.outputs, strict=True))
    return keras.Model(model.input, {**tensors, **own}, name=f"{model.name}_opened")


def layer_tensors(model, names) -> dict:
    """The outputs of layers, by their names."""
    known = [layer.name for layer in model.layers]
    return {name: model.get_layer(checks.one_of("name", name, known)).output for name in names}


def attention_tensors(model) -> dict:
    """Weights (B, H, Q, K) of every `MultiHeadAttention` and `CausalAttention`, by layer name."""
    found = {}
    for layer in model.layers:
        if isinstance(layer, (layers.MultiHeadAttention, CausalAttention)):
            args, kwargs = _call_of(layer)
            found[layer.name] = _AttentionWeights(layer, name=f"{layer.name}_weights")(*args, **kwargs)
    return found


def attention_groups(names) -> dict[str, list[str]]:
    """Names of attention layers, in their order, by what looks at what.

    Returns:
        `encoder_attention`, `decoder_attention` and `cross_attention`, from the decoder to the encoder, of a
        network that has both; of any other all as `attention`.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        part = "cross_" if name.endswith("_cross") else ""
        for half in ("encoder_", "decoder_"):
            part = part or (half if name.startswith(half) else "")
        groups.setdefault(f"{part}attention", []).append(name)
    return groups


def state_tensors(model) -> dict:
    """Hidden states (B, T, U) after each step of every recurrent layer, by layer name.

    Of a bidirectional layer those of both directions, side by side: at a step the first have read all up to
    it, the second all from it on. What stands in padding means nothing.
    """
    kinds = (layers.SimpleRNN, layers.Bidirectional)
    return {layer.name: _states(layer) for layer in model.layers if isinstance(layer, kinds)}


def unit_tensors(model) -> dict:
    """`<layer>_sum`, the weighted sum with the bias, and `<layer>_activation` of every dense layer.

    Where rescaling and activation are layers of their own, as behind the photo-perceptron's wiring, they
    belong to the dense layer before them: a threshold is a bias.
    """
    found, name = {}, ""
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            name = layer.name
            found[f"{name}_sum"] = _weighted_sum(layer, f"{name}_sum")
            found[f"{name}_activation"] = layer.output
        elif name and layer.input is found[f"{name}_activation"]:
            if isinstance(layer, layers.Rescaling):
                found[f"{name}_sum"] = found[f"{name}_activation"] = layer.output
            elif isinstance(layer, layers.Activation):
                found[f"{name}_activation"] = layer.output
    return found


def score_tensors(model) -> dict:
    """`scores` (B, units): what the last layer's softmax, logistic function or step is taken of."""
    last = model.layers[-1]
    return {SCORES: _weighted_sum(last, SCORES) if isinstance(last, layers.Dense) else last.input}


class _AttentionWeights(layers.Layer):
    """The weights of another layer's attention; it has none of its own."""

    def __init__(self, attention, **kwargs):
        super().__init__(**kwargs)
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
    """What another layer takes its activation of."""

    def __init__(self, dense, **kwargs):
        super().__init__(**kwargs)
        self.dense = dense

    def call(self, x):
        x = ops.matmul(x, self.dense.kernel)
        return x if self.dense.bias is None else x + self.dense.bias


def _weighted_sum(dense, name: str):
    return _WeightedSum(dense, name=name)(dense.input)


def _states(layer):
    """Of a layer that gives only its last state, all of them: another loop over the same cell."""
    if layer.return_sequences:
        return layer.output
    args, kwargs = _call_of(layer)
    if not isinstance(layer, layers.Bidirectional):
        return _loop(layer)(*args, **kwargs)
    forward, backward = (_loop(one)(*args, **kwargs) for one in (layer.forward_layer, layer.backward_layer))
    return ops.concatenate([forward, ops.flip(backward, axis=1)], axis=-1)


def _loop(layer):
    name = f"{layer.name}_states"
    return layers.RNN(layer.cell, return_sequences=True, go_backwards=layer.go_backwards, name=name)


def _call_of(layer) -> tuple[tuple, dict]:
    """What a layer was first called with, masks included; `layer.input` has them without their names."""
    arguments = layer._inbound_nodes[0].arguments
    return arguments.args, arguments.kwargs

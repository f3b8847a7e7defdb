"""The tensors inside a network: layer outputs, attention weights, hidden states, scores and saliency."""

from keras_session5.introspection.layers import (
    SCORES,
    attention_groups,
    attention_tensors,
    attention_weights,
    convolution_names,
    input_names,
    layer_outputs,
    layer_tensors,
    name_leaves,
    opened,
    output_tensors,
    score_tensors,
    state_tensors,
    unit_tensors,
)
from keras_session5.introspection.saliency import differentiate, outputs_and_saliency, saliency

__all__ = [
    "SCORES",
    "attention_groups",
    "attention_tensors",
    "attention_weights",
    "convolution_names",
    "differentiate",
    "input_names",
    "layer_outputs",
    "layer_tensors",
    "name_leaves",
    "opened",
    "output_tensors",
    "outputs_and_saliency",
    "saliency",
    "score_tensors",
    "state_tensors",
    "unit_tensors",
]

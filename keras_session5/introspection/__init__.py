"""The tensors inside a network: layer outputs, attention weights, hidden states, scores and saliency."""

from keras_session5.introspection.layers import (
    SCORES,
    as_functional,
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
from keras_session5.introspection.saliency import (
    differentiate,
    has_saliency,
    is_image,
    outputs_and_saliency,
    saliency,
)

__all__ = [
    "SCORES",
    "as_functional",
    "attention_groups",
    "attention_tensors",
    "attention_weights",
    "convolution_names",
    "differentiate",
    "has_saliency",
    "input_names",
    "is_image",
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

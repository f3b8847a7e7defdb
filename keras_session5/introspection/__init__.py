"""The tensors inside a network: layer outputs, attention weights, hidden states, scores and saliency."""

from keras_session5.introspection.layers import (
    SCORES,
    attention_groups,
    attention_tensors,
    attention_weights,
    layer_outputs,
    layer_tensors,
    opened,
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
    "differentiate",
    "layer_outputs",
    "layer_tensors",
    "opened",
    "outputs_and_saliency",
    "saliency",
    "score_tensors",
    "state_tensors",
    "unit_tensors",
]

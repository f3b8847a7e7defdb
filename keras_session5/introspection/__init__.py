"""What happens inside a network: layer outputs, attention weights, hidden states, scores."""

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

__all__ = [
    "SCORES",
    "attention_groups",
    "attention_tensors",
    "attention_weights",
    "layer_outputs",
    "layer_tensors",
    "opened",
    "score_tensors",
    "state_tensors",
    "unit_tensors",
]

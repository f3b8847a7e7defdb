"""Pooling of sequences that ignores padding."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
class MaskedMaxPooling(keras.layers.Layer):
    """Maximum over the unmasked steps; Keras's `GlobalMaxPooling1D` takes no mask.

    Call arguments:
        x: float tensor of shape (B, T, D).
        mask: boolean tensor of shape (B, T), True for the steps to include; None includes all.

    Returns:
        Tensor of shape (B, D).
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x: Any, mask: Any = None) -> Any:
        if mask is not None:
            x = ops.where(ops.expand_dims(mask, -1), x, -1e9)
        return ops.max(x, axis=1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None

"""From a sequence of any length to one vector, without looking at the padding."""

import keras
from keras import ops

from keras_session5 import checks


@keras.saving.register_keras_serializable("keras_session5")
class MaskedPooling(keras.layers.Layer):
    """Mean or maximum over the steps that the mask keeps.

    Args:
        mode: `"mean"` or `"max"`.

    Call arguments:
        x: float tensor of shape (B, T, D).
        mask: boolean tensor of shape (B, T), True for the steps that count; without a mask
            every step does.

    Returns:
        Tensor of shape (B, D).
    """

    def __init__(self, mode="mean", **kwargs):
        super().__init__(**kwargs)
        self.mode = checks.one_of("mode", mode, ["mean", "max"])
        self.supports_masking = True

    def call(self, x, mask=None):
        if mask is None:
            return ops.mean(x, axis=1) if self.mode == "mean" else ops.max(x, axis=1)
        keep = ops.expand_dims(mask, -1)  # (B, T, 1)
        if self.mode == "max":
            return ops.max(ops.where(keep, x, -1e9), axis=1)
        keep = ops.cast(keep, x.dtype)
        return ops.sum(x * keep, axis=1) / ops.maximum(ops.sum(keep, axis=1), 1)

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return super().get_config() | {"mode": self.mode}

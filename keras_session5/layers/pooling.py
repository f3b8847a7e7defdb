"""From a sequence of any length to one vector, without looking at the padding."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("keras_session5")
class MaskedMaxPooling(keras.layers.Layer):
    """Maximum over the steps that the mask keeps; Keras's `GlobalMaxPooling1D` takes no mask.

    Call arguments:
        x: float tensor of shape (B, T, D).
        mask: boolean tensor of shape (B, T), True for the steps that count; without a mask
            every step does.

    Returns:
        Tensor of shape (B, D).
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, x, mask=None):
        if mask is not None:
            x = ops.where(ops.expand_dims(mask, -1), x, -1e9)
        return ops.max(x, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None

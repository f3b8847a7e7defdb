"""Metrics averaged over tokens."""

from typing import Any

import keras
from keras import ops

from keras_session5 import checks


@keras.saving.register_keras_serializable("keras_session5")
class TokenMean(keras.metrics.Mean):
    """Cross-entropy in nats, or accuracy, averaged over all tokens with a weight.

    Keras's own metrics first average over each batch of sequences, which gives the tokens of short batches
    more weight than those of long batches.

    Args:
        of: `"cross_entropy"` or `"accuracy"`.

    Call arguments:
        y_true: tokens (B, T).
        y_pred: logits (B, T, V).
        sample_weight: (B, T), 0 for tokens to ignore.
    """

    def __init__(self, of: str = "cross_entropy", name: str | None = None, **kwargs: Any):
        super().__init__(name=name or of, **kwargs)
        self.of = checks.one_of("of", of, ["cross_entropy", "accuracy"])

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if self.of == "accuracy":
            values = ops.equal(ops.cast(y_true, "int32"), ops.cast(ops.argmax(y_pred, axis=-1), "int32"))
        else:
            values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
        values = ops.reshape(ops.cast(values, self.dtype), (-1,))
        weight = None if sample_weight is None else ops.reshape(sample_weight, (-1,))
        return super().update_state(values, weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"of": self.of}

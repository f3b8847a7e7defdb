"""The blocks that every transformer of the course shares."""

from keras_session5.models.transformer.blocks import encoder_block, feed_forward, residual, token_embedding

__all__ = ["encoder_block", "feed_forward", "residual", "token_embedding"]

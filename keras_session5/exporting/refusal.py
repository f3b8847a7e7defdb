"""How a graph refuses what it cannot take."""

import tensorflow as tf

_MOST_SHOWN = 100  # bytes of a text that is refused


def require(fine: tf.Tensor, sentence: str, received: tf.Tensor, then: tf.Tensor) -> tf.Tensor:
    """Returns `then`, which nothing can compute with before the check has been made.

    Args:
        fine: whether all is well, for all or for each entry of `received`.
        received: what the sentence ends with: all, or the first that is not fine.
    """
    if fine.shape.rank:
        received = tf.boolean_mask(received, tf.logical_not(fine))[:1]
    if received.dtype == tf.string:
        # Only text can be part of an error's text.
        shown = tf.strings.substr(received, 0, _MOST_SHOWN)
        received = tf.strings.unicode_transcode(shown, "UTF-8", "UTF-8", errors="replace")
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(fine), [sentence, received])]):
        return tf.identity(then)

"""How a graph refuses what it cannot take."""

import tensorflow as tf

_MOST_SHOWN = 100  # bytes of a text that is refused


def require(fine: tf.Tensor, sentence: str, received: tf.Tensor, then: tf.Tensor) -> tf.Tensor:
    """Returns `then`, which nothing can compute with before the check has been made.

    Args:
        fine: whether all is well, for all or for each entry of `received`.
        received: what the sentence ends with: all, or the first that is not fine.
    """
    every = tf.reduce_all(fine)

    def refuse():
        wrong = tf.boolean_mask(received, tf.logical_not(fine))[:1] if fine.shape.rank else received
        if wrong.dtype == tf.string:
            # Only text can be part of an error's text.
            shown = tf.strings.substr(wrong, 0, _MOST_SHOWN)
            wrong = tf.strings.unicode_transcode(shown, "UTF-8", "UTF-8", errors="replace")
        return tf.raw_ops.Assert(condition=every, data=[sentence, wrong])

    # What the sentence needs is found on failure only: it would double the time of a small network.
    with tf.control_dependencies([tf.cond(every, tf.no_op, refuse)]):
        return tf.identity(then)

"""Checks of inputs inside a graph."""

import tensorflow as tf

_MAX_BYTES = 100  # of a refused text in an error


def require(valid: tf.Tensor, sentence: str, received: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
    """Returns `output`, and makes every operation on it wait for the check.

    Args:
        valid: scalar, or one for each entry of `received`.
        sentence: text of the error, which ends with the received value.
        received: the value for the error; only its first invalid entry if `valid` is not a scalar.
        output: returned unchanged if all is valid.
    """
    all_valid = tf.reduce_all(valid)

    def refuse() -> tf.Operation:
        wrong = tf.boolean_mask(received, tf.logical_not(valid))[:1] if valid.shape.rank else received
        if wrong.dtype == tf.string:
            # An error's message must be valid text.
            beginning = tf.strings.substr(wrong, 0, _MAX_BYTES)
            wrong = tf.strings.unicode_transcode(beginning, "UTF-8", "UTF-8", errors="replace")
        return tf.raw_ops.Assert(condition=all_valid, data=[sentence, wrong])

    # The value for the error is computed on failure only: it would add a quarter to the time of LeNet-5.
    with tf.control_dependencies([tf.cond(all_valid, tf.no_op, refuse)]):
        return tf.identity(output)

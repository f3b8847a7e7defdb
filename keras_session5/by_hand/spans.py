"""Span corruption: the training examples of T5, made from text that nobody labelled."""

from collections.abc import Sequence

from keras_session5.errors import ArgumentError


def corrupt_spans(
    words: Sequence[str], spans: Sequence[tuple[int, int]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hides spans of a text behind sentinels, and asks for them.

    In the inputs, the sentinels <0>, <1>, ... stand in for the spans. In the targets, each is followed by the
    words that it hides, and a last one marks the end.

    Args:
        words: the text.
        spans: the hidden parts in order, each as the index of its first word and the index after its last
            one. Between two of them stays at least one word.

    Returns:
        Inputs and targets.

    Raises:
        ArgumentError: if a span is empty, outside of the text, or not after the one before.

    Example:
        >>> inputs, targets = corrupt_spans("a fine day to sail".split(), [(1, 3), (4, 5)])
        >>> " ".join(inputs), " ".join(targets)
        ('a <0> to <1>', '<0> fine day <1> sail <2>')

    Reference:
        Raffel et al. (2020), "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
        Transformer", section 3.1.4. The released vocabulary calls the sentinels <extra_id_0> and so on.
    """
    inputs, targets, done = [], [], 0
    for number, (start, stop) in enumerate(spans):
        if not done + (number > 0) <= start < stop <= len(words):
            raise ArgumentError(
                "`spans` must be parts of the text in order, none empty, with at least one word between two. "
                f"Received: ({start}, {stop}) after {done} of {len(words)} words"
            )
        sentinel = f"<{number}>"
        inputs += [*words[done:start], sentinel]
        targets += [sentinel, *words[start:stop]]
        done = stop
    return (*inputs, *words[done:]), (*targets, f"<{len(spans)}>")

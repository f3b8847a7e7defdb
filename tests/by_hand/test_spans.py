"""Span corruption against the example of T5's paper, and against putting the text together again."""

import itertools

import pytest

from keras_session5.by_hand import corrupt_spans
from keras_session5.errors import ArgumentError

TEXT = ["Thank", "you", "for", "inviting", "me", "to", "your", "party", "last", "week"]


def restore(inputs, targets):
    """The text again: each sentinel of the inputs gives way to the words after it in the targets."""
    hidden = {}
    for word in targets:
        if word.startswith("<"):
            hidden[word] = []
        else:
            hidden[list(hidden)[-1]].append(word)
    return list(itertools.chain(*(hidden.get(word, [word]) for word in inputs)))


def test_the_example_of_the_paper():
    inputs, targets = corrupt_spans(TEXT, [(2, 4), (8, 9)])
    assert " ".join(inputs) == "Thank you <0> me to your party <1> week"
    assert " ".join(targets) == "<0> for inviting <1> last <2>"


def test_inputs_and_targets_together_hold_the_whole_text():
    cuts = itertools.combinations(range(len(TEXT) + 1), 4)
    spans = [[(a, b), (c, d)] for a, b, c, d in cuts if b < c]
    assert len(spans) > 100
    for one in spans:
        assert restore(*corrupt_spans(TEXT, one)) == TEXT


def test_nothing_hidden_and_everything_hidden():
    assert corrupt_spans(TEXT, []) == (tuple(TEXT), ("<0>",))
    assert corrupt_spans(TEXT, [(0, len(TEXT))]) == (("<0>",), ("<0>", *TEXT, "<1>"))


@pytest.mark.parametrize(
    "spans", [[(2, 2)], [(3, 2)], [(-1, 2)], [(8, 11)], [(4, 5), (2, 3)], [(2, 4), (4, 5)]]
)
def test_spans_that_are_none_are_refused(spans):
    with pytest.raises(ArgumentError, match="`spans` must be parts of the text in order"):
        corrupt_spans(TEXT, spans)

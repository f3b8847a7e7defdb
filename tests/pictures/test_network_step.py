"""Picture of a step of back-propagation: the numbers that it shows, read back."""

import re

import pytest

from keras_session5 import by_hand, pictures
from keras_session5.errors import ArgumentError
from keras_session5.pictures import style


def texts(stage):
    step = by_hand.backpropagation_step(by_hand.backpropagation_example(), [1, 0.5], 1, learning_rate=0.5)
    figure = pictures.backpropagation(step, stage, "a title")
    assert figure.axes[0].get_title("left") == "a title"
    return figure.axes[0].texts


def count(found, start):
    return sum(text.get_text().startswith(start) for text in found)


# stage -> the sums, deltas, gradients and new weights that are drawn
@pytest.mark.parametrize(
    ("stage", "numbers"),
    [
        (0, (0, 0, 0, 0)),
        (1, (2, 0, 0, 0)),
        (2, (3, 0, 0, 0)),
        (3, (3, 1, 0, 0)),
        (4, (3, 1, 3, 0)),
        (5, (3, 3, 3, 0)),
        (6, (3, 3, 9, 0)),
        (7, (3, 3, 9, 9)),
        (-1, (3, 3, 9, 9)),
    ],
)
def test_each_stage_adds_its_numbers(stage, numbers):
    found = texts(stage)
    assert tuple(count(found, mark) for mark in ("$z$ =", r"$\delta$ =", r"$\partial$", "new ")) == (
        *numbers[:3],
        numbers[3] + 1,  # the legend's
    )
    assert count(found, "$w$ ") == 6
    assert count(found, "$b$ ") == 3
    assert count(found, "output, target $t$ = 1") == 1
    assert count(found, "loss = 0.959") == (stage == -1 or stage >= 2)


def test_numbers_stand_beside_their_connection_and_in_their_colour():
    found = texts(-1)
    by_text = {text.get_text(): text for text in found}
    for text in ("$w$ −1", r"$\partial$ −0.451", "new −0.775"):
        x, y = by_text[text].get_position()
        assert 3.3 < x < 6.6
        assert y > 0  # from the upper hidden unit
    assert by_text["new −0.775"].get_color() == style.GREEN
    assert by_text["$p$ = 0.383"].get_color() == style.BLUE
    assert by_text[r"$\delta$ = −0.617"].get_color() == style.VERMILION
    assert not [text for text in by_text if re.search(r"-\d", text)]  # a minus, not a hyphen


@pytest.mark.parametrize("stage", [-2, 8])
def test_a_stage_that_there_is_not_is_refused(stage):
    with pytest.raises(ArgumentError, match=r"`stage` must be from 0 to 7, or -1"):
        texts(stage)

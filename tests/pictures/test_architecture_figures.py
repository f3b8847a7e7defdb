"""Drawings of architectures: every part is there, what is highlighted, what is refused."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.patches import FancyBboxPatch

from keras_session5.errors import ArgumentError
from keras_session5.pictures import bidirectional, style, threshold_states, transformer, unfolded
from keras_session5.pictures.architecture import GROUPS

BITS, STATES, ANSWERS = [1, 1, 0], [[1, 0], [1, 1], [0, 0]], [1, 0, 0]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text().strip()]


def strong_boxes(figure):
    """How many boxes are drawn in full colour."""
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyBboxPatch)]
    return sum(0.5 < box.get_facecolor()[3] < 1 for box in boxes)


def test_the_transformer_has_all_parts_of_figure_1_of_the_paper():
    drawn = texts(transformer(caption="all of it"))
    assert drawn.count("Add & Norm") == 5, "two in the encoder, three in the decoder"
    assert drawn.count("Feed-forward") == 2
    assert [drawn.count(letter) for letter in "QKV"] == [3, 3, 3]
    assert sum("attention" in text for text in drawn) == 3
    assert {"Input embedding", "Output embedding", "Linear", "Softmax", "all of it"} <= set(drawn)
    assert sum("N ×" in text for text in drawn) == 2
    assert sum("positions" in text for text in drawn) == 2
    assert strong_boxes(transformer()) == 14


@pytest.mark.parametrize(
    ("group", "count"),
    [("add and norm", 5), ("feed-forward", 2), ("cross-attention", 1), ("positions", 0), ("output", 2)],
)
def test_one_group_of_parts_is_highlighted(group, count):
    assert strong_boxes(transformer(group)) == count
    assert len(texts(transformer(group))) == len(texts(transformer())), "nothing is left out"


def test_residual_connections_are_strong_only_with_their_norms():
    def widths(group):
        return [line.get_linewidth() for line in transformer(group).axes[0].lines if line.get_alpha() == 1]

    assert widths("add and norm").count(2) == 5
    assert widths("embeddings") == []


def test_the_letters_of_an_attention_fade_with_its_box():
    def strong(group):
        drawn = transformer(group).axes[0].texts
        return [text.get_text() for text in drawn if text.get_text() in "QKV" and text.get_alpha() == 1]

    assert sorted(strong("cross-attention")) == ["K", "Q", "V"]
    assert strong("add and norm") == []
    assert len(strong(None)) == 9


def test_every_group_can_be_highlighted_and_another_one_not():
    for group in GROUPS:
        transformer(group)
    with pytest.raises(ArgumentError, match=r"`highlight` must be one of .* Did you mean output\?"):
        transformer("outputs")


def test_units_that_fire_are_orange():
    axes = threshold_states(BITS, STATES, ANSWERS, ["or", "and"]).axes[0]
    values = [text for text in axes.texts if text.get_text() in ("0", "1")]
    assert [int(text.get_text()) for text in values] == [1, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0]
    for text in values:
        colour = text.get_bbox_patch().get_facecolor()
        assert colour == to_rgba(style.ORANGE if text.get_text() == "1" else "white")
    assert {"bit", "or", "and", "answer"} <= set(texts(axes.figure))


def test_a_network_that_has_read_less_is_drawn_in_the_same_size():
    whole, part = (threshold_states(BITS, STATES, ANSWERS, ["or", "and"], steps) for steps in (None, 1))
    assert whole.axes[0].get_xlim() == part.axes[0].get_xlim()
    assert texts(part)[:4] == ["1", "1", "1", "0"]
    assert len([line for line in part.axes[0].lines if line.get_color() == style.BLUE]) == 0
    assert len([line for line in whole.axes[0].lines if line.get_color() == style.BLUE]) == 2 * 4


def test_the_signs_of_weights_and_the_first_state_are_written():
    figure = threshold_states(BITS, STATES, ANSWERS, ["or", "and"], weights=[[1, 1], [-1, -1]])
    signs = [text for text in texts(figure) if text in "+−"]
    assert signs == ["+", "+", "−", "−"]
    assert "$h_0$ = 0" in texts(figure)
    assert "carries the state on" in [text.get_text() for text in figure.legends[0].get_texts()]
    first = threshold_states(BITS, STATES, ANSWERS, ["or", "and"], steps=1, weights=[[1, 1], [-1, -1]])
    assert not {"+", "−"} & set(texts(first)), "there is no second step yet"


@pytest.mark.parametrize(
    ("states", "answers", "names"),
    [(np.zeros((2, 2)), ANSWERS, ["a", "b"]), (STATES, [1], ["a", "b"]), (STATES, ANSWERS, ["a"])],
)
def test_states_that_do_not_match_the_bits_are_refused(states, answers, names):
    with pytest.raises(ArgumentError, match="`states` must have a row for each bit"):
        threshold_states(BITS, states, answers, names)


def test_the_layer_is_unfolded_over_every_character():
    drawn = texts(unfolded("Wien"))
    assert {"$x_t$", "$h_t$", "$y_t$", "$x_4$", "$h_4$", "$y_4$", '"W"', '"n"', "$h_0 = 0$"} <= set(drawn)
    assert drawn.count("$W_h$") == 1 + 4, "the loop, and one arrow into each state"


def test_two_directions_read_the_same_characters():
    drawn = texts(bidirectional("abc"))
    for t in (1, 2, 3):
        assert {rf"$\overrightarrow{{h}}_{t}$", rf"$\overleftarrow{{h}}_{t}$"} <= set(drawn)
        assert {f"$x_{t}$", f"$y_{t}$"} <= set(drawn)

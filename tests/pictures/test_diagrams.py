"""Diagrams: what they say, read back from the figure, and that a notebook can display them."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_session5.errors import ArgumentError
from keras_session5.pictures import neuron_and_unit, rings, stages
from keras_session5.pictures.style import BLUE


def texts(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def test_a_cell_and_a_unit_have_their_parts_above_each_other():
    cell, unit = neuron_and_unit().axes
    assert {"dendrites receive", "the cell body adds up", "the axon carries the spike"} < set(texts(cell))
    assert {"inputs, 0 or 1", "weighted sum", "threshold", "output, 0 or 1", "$w_3$"} < set(texts(unit))
    assert cell.get_xlim() == unit.get_xlim()


def test_stages_are_in_order_and_those_that_are_learned_are_blue():
    figure = stages({"old": [("a", False), ("b", True)], "new": [("a", False), ("c", True), ("d", True)]})
    boxes = [text for text in figure.axes[0].texts if text.get_bbox_patch()]
    assert [box.get_text() for box in boxes] == ["a", "b", "a", "c", "d"]
    colours = [box.get_bbox_patch().get_facecolor() for box in boxes]
    blue = tuple(int(BLUE[i : i + 2], 16) / 255 for i in (1, 3, 5))
    assert [np.allclose(colour[:3], blue) for colour in colours] == [False, True, False, True, True]
    assert boxes[0].get_position()[0] < boxes[1].get_position()[0]


def test_arrows_have_their_texts_and_go_from_box_to_box():
    figure = stages({"": [("a", False), ("b", False), ("c", True)]}, {"": ["first", "second"]})
    axes = figure.axes[0]
    assert {"first", "second"} < set(texts(axes))
    figure.canvas.draw()
    a, b, c = (text.get_bbox_patch().get_window_extent() for text in axes.texts if text.get_bbox_patch())
    arrows = [text.arrow_patch.get_window_extent() for text in axes.texts if text.get_text() == ""]
    ends = [(arrow.x0, arrow.x1) for arrow in arrows]
    np.testing.assert_allclose(ends, [(a.x1, b.x0), (b.x1, c.x0)], atol=3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (({},), "`methods` must have two or more stages each"),
        (({"a": [("b", False)]},), "`methods` must have two or more stages each"),
        (({"a": [("b", False), ("c", True)]}, {"a": ["x", "y"]}), "`arrows` must have one text for each"),
    ],
)
def test_stages_that_make_no_row_are_refused(arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        stages(*arguments)


def test_each_ring_lies_inside_the_one_before():
    axes = rings([("outer", "1"), ("middle", "2"), ("inner", "3")]).axes[0]
    assert texts(axes) == ["outer", "1", "middle", "2", "inner", "3"]
    sizes = [patch.width for patch in axes.patches[::2]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3
    with pytest.raises(ArgumentError, match="`fields` must have one or more entries"):
        rings([])


def test_a_notebook_can_display_a_figure_without_pyplot():
    picture = Image.open(io.BytesIO(rings([("one", "ring")])._repr_png_()))
    assert picture.size == (5.6 * 150, 3.4 * 150)

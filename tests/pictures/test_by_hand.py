"""Pictures of what is worked out by hand: what is drawn, read back from the figure."""

import numpy as np
import pytest

from keras_session5.errors import ArgumentError
from keras_session5.pictures import decision_line, kernel_patch, pooling, style

CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]]


def numbers(axes):
    return [float(text.get_text()) for text in axes.texts]


def crosses(axes):
    return [tuple(line.get_xydata()[0]) for line in axes.lines if line.get_marker() == "x"]


def test_the_line_is_where_the_sum_is_the_threshold():
    axes = decision_line(CORNERS, [0, 1, 1, 1], (1, 2), 1.5).axes[0]
    (line,) = [c for c in axes.collections if c.get_linewidth()[0] == 1.5]
    x, y = line.get_paths()[0].vertices.T
    np.testing.assert_allclose(x + 2 * y, 1.5, atol=1e-9)
    assert crosses(axes) == [(1, 0)]  # 1 is below the threshold, and should fire
    assert [text.get_text() for text in axes.texts] == ["00", "01", "10", "11"]


def test_without_weights_there_is_no_line_but_an_answer():
    axes = decision_line(CORNERS, [0, 0, 0, 1], (0, 0), 0).axes[0]
    assert not [c for c in axes.collections if list(c.get_linewidth()) == [1.5]]
    assert crosses(axes) == [(0, 0), (0, 1), (1, 0)]  # it always fires


def test_a_place_shows_its_products_and_their_sum():
    image, kernel = np.arange(9.0).reshape(3, 3), np.array([[1, -1], [2, 0]])
    products, sums = image[1:, :2] * kernel, np.array([[4, 7], [13, 16.0]])
    figure = kernel_patch(image, kernel, products, sums, 1, 0)
    seen, times, multiplied, feature_map = figure.axes
    assert numbers(seen) == list(range(9))
    assert numbers(times) == kernel.ravel().tolist()
    assert numbers(multiplied) == products.ravel().tolist()
    assert numbers(feature_map) == sums.ravel().tolist()
    assert multiplied.get_title() == "products; their sum is 13"
    assert [axes.get_ylabel() for axes in figure.axes] == ["", "×", "=", "→"]
    assert [patch.get_xy() for patch in seen.patches + feature_map.patches] == [(-0.5, 0.5), (-0.5, 0.5)]
    # Where some are negative, zero is in the middle of two colours.
    assert times.images[0].get_clim() == (-2, 2)
    assert times.images[0].get_cmap().name == style.SIGNED
    assert seen.images[0].get_cmap().name == style.SEQUENTIAL


@pytest.mark.parametrize(
    ("ground", "colour"),
    [
        ((0, 0, 0), "white"),
        ((1, 1, 1), style.INK),
        ((0.28, 0.75, 0.45), style.INK),
        ((0.16, 0.44, 0.56), "white"),
    ],
)
def test_a_number_has_the_colour_of_the_greater_contrast_to_its_ground(ground, colour):
    assert style.text_colour(ground) == colour


@pytest.mark.parametrize("place", [(2, 0), (0, 2), (-1, 0)])
def test_a_place_that_there_is_not_is_refused(place):
    with pytest.raises(ArgumentError, match=r"must be a position in the output, 2 x 2"):
        kernel_patch(np.ones((3, 3)), np.ones((2, 2)), np.ones((2, 2)), np.ones((2, 2)), *place)


def test_the_windows_of_pooling_share_one_scale():
    image = np.array([[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]])
    figure = pooling(image, [[8, 6], [9, 9]], [[6.25, 3.5], [5.25, 5.25]], 2)
    assert len(figure.axes[0].patches) == 4
    assert numbers(figure.axes[1]) == [8, 6, 9, 9]
    assert numbers(figure.axes[2]) == [6.25, 3.5, 5.25, 5.25]
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0, 9)}


def test_numbers_are_left_out_where_there_is_no_room():
    assert numbers(pooling(np.ones((28, 28)), np.ones((14, 14)), np.ones((14, 14)), 2).axes[0]) == []


def test_an_image_of_zeros_can_be_drawn():
    kernel_patch(*[np.zeros((2, 2))] * 3, np.zeros((1, 1)), 0, 0).savefig("/dev/null", format="png")

"""Convolution and pooling of the page, against Keras's layers and the slides' numbers."""

import re

import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.errors import ArgumentError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import convolution

pytestmark = pytest.mark.usefixtures("figures")


def shown(figure, part):
    """The pixels of one part of a picture."""
    return np.asarray(figure.axes[part].images[0].get_array())


@pytest.mark.parametrize("image", [convolution.SLIDES, "digit 7"])
@pytest.mark.parametrize("kernel", convolution.KERNELS)
def test_the_feature_map_is_that_of_a_keras_convolution(image, kernel):
    weights = convolution.get_kernel(kernel)
    expected = s5.by_hand.feature_map(convolution.load_image(image), weights)
    for row, column in ((0, 0), (2, 1)):
        figure, status = convolution.convolve(image, weights, row, column)
        np.testing.assert_allclose(shown(figure, 3), expected, atol=1e-4)
        assert float(re.search(r"= \*\*(.*?)\*\*", status)[1]) == pytest.approx(
            expected[row, column], rel=1e-3
        )
        np.testing.assert_allclose(shown(figure, 2).sum(), expected[row, column], atol=1e-4)


def test_the_slides_example():
    _, status = convolution.convolve(convolution.SLIDES, convolution.get_kernel("the slides' kernel"), 0, 0)
    assert "3·1 + 5·0 + 2·0 + 9·1 + 7·1 + 5·0 + 2·0 + 0·0 + 6·1 = **25**" in status
    assert "5 - 3 + 1 = 3" in status


def test_a_place_beyond_the_end_is_the_last_one():
    assert "At row 2, column 2" in convolution.convolve(convolution.SLIDES, [[1, 0, 0]] * 3, 7, 9)[1]


@pytest.mark.parametrize("what", convolution.POOLED)
@pytest.mark.parametrize("size", [2, 3])
def test_pooling_is_that_of_keras(what, size):
    kernel = convolution.get_kernel("edge")
    figure, _ = convolution.pool(what, size, "digit 3", kernel)
    pixels = shown(figure, 0)
    np.testing.assert_allclose(shown(figure, 1), s5.by_hand.pool(pixels, size, "max"), atol=1e-5)
    np.testing.assert_allclose(shown(figure, 2), s5.by_hand.pool(pixels, size, "average"), atol=1e-5)


def test_the_slides_pooling():
    figure, status = convolution.pool(convolution.POOLED[0], 2, convolution.SLIDES, None)
    assert shown(figure, 1).tolist() == [[8, 6], [9, 9]]
    assert "4 x 4 becomes 2 x 2" in status


@pytest.mark.parametrize("wrong", [[["1", "x", "0"]] * 3, [[None, 1, 1]] * 3, None])
def test_a_cell_that_is_no_number_is_told(wrong):
    with pytest.raises(ArgumentError, match="must be a number"):
        convolution.convolve(convolution.SLIDES, wrong, 0, 0)


def test_every_kernel_of_the_course_can_be_picked():
    assert set(convolution.KERNELS[1:]) == set(s5.by_hand.KERNELS)

"""Convolution and pooling against the course's worked examples, formulas and what kernels must do."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from keras_session5.by_hand import KERNELS, feature_map, output_size, patch_products, pool
from keras_session5.errors import ArgumentError

IMAGE = np.array(
    [[3, 5, 2, 8, 1], [9, 7, 5, 4, 3], [2, 0, 6, 1, 6], [6, 3, 7, 9, 2], [1, 4, 9, 5, 1]],
)
KERNEL = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]])
POOLED = [[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]


@pytest.fixture(scope="module")
def digit():
    """An eight of the digits, 8 x 8, with grey values 0 to 16."""
    return load_digits().images[8]


def test_the_feature_map_of_the_course_is_the_one_worked_out_by_hand():
    # Upper left, below it, right of that and the far corner of each patch.
    by_hand = [
        [3 + 9 + 7 + 6, 5 + 7 + 5 + 1, 2 + 5 + 4 + 6],
        [9 + 2 + 0 + 7, 7 + 0 + 6 + 9, 5 + 6 + 1 + 2],
        [2 + 6 + 3 + 9, 0 + 3 + 7 + 5, 6 + 7 + 9 + 1],
    ]
    assert by_hand == [[25, 18, 17], [18, 22, 14], [20, 15, 23]]
    assert feature_map(IMAGE, KERNEL).tolist() == by_hand
    assert patch_products(IMAGE, KERNEL).sums.tolist() == by_hand


def test_the_kernel_is_not_flipped():
    dot = np.zeros((5, 5))
    dot[2, 2] = 1
    kernel = np.arange(9).reshape(3, 3)
    # Cross-correlation answers a single dot with the kernel turned by 180 degrees, convolution would not.
    assert feature_map(dot, kernel).tolist() == kernel[::-1, ::-1].tolist()
    assert feature_map([[1, 2, 3]], [[1, 0]]).tolist() == [[1, 2]]


def test_patches_are_what_the_kernel_lies_on():
    found = patch_products(IMAGE, KERNEL)
    assert found.patches.shape == found.products.shape == (3, 3, 3, 3)
    assert found.patches[1, 2].tolist() == [[5, 4, 3], [6, 1, 6], [7, 9, 2]]
    assert found.products[1, 2].tolist() == [[5, 0, 0], [6, 1, 0], [0, 0, 2]]


@pytest.mark.parametrize("shape", [(3, 3), (1, 4), (2, 5), (8, 8)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_products_add_up_to_the_feature_map(shape, stride, digit):
    kernel = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(
        patch_products(digit, kernel, stride).sums, feature_map(digit, kernel, stride), atol=1e-4
    )


def test_changing_a_patch_leaves_the_image_alone():
    image = np.ones((3, 3))
    patch_products(image, [[1.0]]).patches[:] = 7
    assert (image == 1).all()


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_output_sizes_are_those_of_keras(kernel, stride, padding):
    for size in range(kernel, 13):
        rows, columns = feature_map(np.ones((size, 12)), np.ones((kernel, 1)), stride, padding).shape
        assert rows == output_size(size, kernel, stride, padding)
        assert columns == output_size(12, 1, stride, padding)


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ((5, 3), 3),
        ((28, 5), 24),
        ((32, 5), 28),
        ((7, 3, 2), 3),
        ((8, 3, 2), 3),
        ((28, 5, 1, "same"), 28),
        ((7, 3, 2, "same"), 4),
        ((2, 5, 1, "same"), 2),
    ],
)
def test_output_sizes_are_the_formulas(arguments, size):
    assert output_size(*arguments) == size


def test_same_padding_puts_zeros_around_the_image():
    padded = np.pad(IMAGE, 1)
    assert np.array_equal(feature_map(IMAGE, KERNEL, padding="same"), feature_map(padded, KERNEL))


@pytest.mark.parametrize(
    ("mode", "expected"), [("max", [[8, 6], [9, 9]]), ("average", [[6.25, 3.5], [5.25, 5.25]])]
)
def test_pooling_of_the_course_is_the_one_worked_out_by_hand(mode, expected):
    # (7+3+8+7)/4 = 6.25, (5+2+1+6)/4 = 3.5, (4+9+0+8)/4 = 5.25, (3+9+4+5)/4 = 5.25
    assert pool(POOLED, 2, mode).tolist() == expected


def test_pooling_leaves_out_what_fills_no_window():
    assert pool(IMAGE, 2).tolist() == [[9, 8], [6, 9]]
    assert pool(IMAGE, 5).tolist() == [[9]]
    for size in range(1, 6):
        assert pool(IMAGE, size).shape == (output_size(5, size, stride=size),) * 2


def test_pooling_is_the_largest_and_the_mean_of_each_window(digit):
    windows = digit.reshape(4, 2, 4, 2)
    assert np.array_equal(pool(digit), windows.max((1, 3)))
    assert np.array_equal(pool(digit, mode="average"), windows.mean((1, 3)))


def test_kernels_are_those_of_the_course():
    assert KERNELS["edge"].tolist() == [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]
    assert KERNELS["blur"].tolist() == [[1 / 9] * 3] * 3
    assert KERNELS["sharpen"].tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]


def test_on_a_constant_area_edges_are_zero_and_the_others_change_nothing():
    area = np.full((6, 7), 5.0)
    assert (feature_map(area, KERNELS["edge"]) == 0).all()
    np.testing.assert_allclose(feature_map(area, KERNELS["blur"]), 5, rtol=1e-6)
    assert (feature_map(area, KERNELS["sharpen"]) == 5).all()


def test_edges_are_nine_times_what_blurring_takes_away(digit):
    edges = 9 * (digit[1:-1, 1:-1] - feature_map(digit, KERNELS["blur"]))
    np.testing.assert_allclose(feature_map(digit, KERNELS["edge"]), edges, atol=1e-4)


def test_sharpening_adds_the_difference_from_the_four_neighbours(digit):
    inner = digit[1:-1, 1:-1]
    neighbours = digit[:-2, 1:-1] + digit[2:, 1:-1] + digit[1:-1, :-2] + digit[1:-1, 2:]
    assert np.array_equal(feature_map(digit, KERNELS["sharpen"]), inner + (4 * inner - neighbours))


def test_blurring_keeps_the_sum_and_flattens_what_is_inside_a_dark_frame(digit):
    framed = np.pad(digit, 2)
    blurred = feature_map(framed, KERNELS["blur"])
    assert blurred.sum() == pytest.approx(digit.sum(), rel=1e-5)
    assert blurred.max() < digit.max()
    assert feature_map(framed, KERNELS["edge"]).sum() == pytest.approx(0, abs=1e-3)


def test_keras_is_left_as_it_was():
    """Neither random numbers nor settings of the user's are touched, and none changes the answer."""
    draws = []
    for work in (lambda: None, lambda: (feature_map(IMAGE, KERNEL), pool(IMAGE))):
        keras.utils.set_random_seed(3)
        work()
        dense = keras.layers.Dense(2)
        dense.build((None, 3))
        draws.append(dense.get_weights()[0].tolist())
    assert draws[0] == draws[1]
    keras.config.set_dtype_policy("mixed_float16")
    keras.config.set_image_data_format("channels_first")
    try:
        assert feature_map(IMAGE, KERNEL).dtype == pool(IMAGE).dtype == "float32"
        assert feature_map(IMAGE, KERNEL)[0, 0] == 25
        assert pool(POOLED).tolist() == [[8, 6], [9, 9]]
    finally:
        keras.config.set_dtype_policy("float32")
        keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: feature_map(np.ones((8, 8, 1)), KERNEL),
            r"`image` must be an array of shape \(rows, columns\)\. Received: image of shape \(8, 8, 1\)",
        ),
        (lambda: pool(np.ones(8)), r"Received: image of shape \(8,\)"),
        (lambda: patch_products(np.ones((0, 3)), KERNEL), r"Received: image of shape \(0, 3\)"),
        (lambda: feature_map([[1, 2], [3]], KERNEL), "`image` must be .* that contains only numbers"),
        (lambda: feature_map([[1, float("nan")]], [[1]]), "`image` must contain only finite numbers"),
        (lambda: feature_map(IMAGE, [1, 2]), r"`kernel` must be an array of shape \(kernel rows, kernel col"),
        (lambda: feature_map(IMAGE, "edge"), "`kernel` must be an array"),
        (
            lambda: feature_map(IMAGE, np.ones((6, 1))),
            "`kernel` must be no larger than the image, 5 x 5. Received: kernel of 6 x 1",
        ),
        (lambda: patch_products(IMAGE, np.ones((1, 6))), "`kernel` must be no larger than the image"),
        (lambda: feature_map(IMAGE, KERNEL, 0), "`stride` must be an integer of at least 1"),
        (lambda: feature_map(IMAGE, KERNEL, padding="vald"), "Did you mean valid"),
        (lambda: pool(IMAGE, 0), r"`size` must be an integer of at least 1\. Received: size=0"),
        (lambda: pool(IMAGE, 6), "`size` must be no larger than the image, 5 x 5. Received: size of 6 x 6"),
        (lambda: pool(IMAGE, 2, "avrage"), "Did you mean average"),
        (lambda: output_size(0, 1), "`size` must be an integer of at least 1"),
        (lambda: output_size(5, 0), "`kernel` must be an integer of at least 1"),
        (lambda: output_size(3, 5), "`kernel` must be no larger than `size` without padding"),
        (lambda: output_size(5, 3, 1, "full"), "`padding` must be one of valid, same"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_sentence(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()

"""The digits are scikit-learn's, larger, and no harder or easier for it."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from keras_session5.data import load_data
from keras_session5.data.digits.scaling import scale_to_28x28


@pytest.fixture(scope="module")
def digits(data_dir):
    return load_data("digits", data_dir)


@pytest.fixture(scope="module")
def original():
    return load_digits()


def test_the_splits_are_the_first_898_and_the_last_899_unshuffled(digits, original):
    np.testing.assert_array_equal(digits.train.labels, original.target[:898])
    np.testing.assert_array_equal(digits.test.labels, original.target[898:])
    assert digits.validation is None
    assert digits.class_names == tuple("0123456789")


def test_the_images_are_grey_bytes(digits):
    assert digits.train.inputs.shape == (898, 28, 28, 1)
    assert digits.test.inputs.shape == (899, 28, 28, 1)
    assert (digits.train.inputs.dtype, digits.train.labels.dtype) == (np.uint8, np.int32)


def test_the_middle_of_each_3_by_3_block_is_the_original_pixel(digits, original):
    images = np.concatenate([digits.train.inputs, digits.test.inputs])
    np.testing.assert_array_equal(images[:, 3:26:3, 3:26:3, 0], np.rint(original.images * 255 / 16))


def test_the_border_of_two_pixels_is_empty(digits):
    inside = np.zeros((28, 28, 1), bool)
    inside[2:26, 2:26] = True
    assert not digits.train.inputs[:, ~inside].any()


def test_black_and_white_stay_black_and_white():
    scaled = scale_to_28x28(np.stack([np.zeros((8, 8)), np.full((8, 8), 16)]))
    assert scaled[0].max() == 0
    assert (scaled[1, 2:26, 2:26] == 255).all()


def test_classical_methods_are_as_good_as_on_the_original_images(digits, original):
    def accuracy(classifier, images):
        flat = np.reshape(images, (1797, -1)).astype(float)
        return classifier.fit(flat[:898], original.target[:898]).score(flat[898:], original.target[898:])

    images = np.concatenate([digits.train.inputs, digits.test.inputs])
    nearest = KNeighborsClassifier(1)
    assert accuracy(nearest, original.images) == pytest.approx(0.9611, abs=1e-4)
    assert accuracy(nearest, images) == pytest.approx(0.9611, abs=0.005)
    # a squared distance is 9 times the pixels and (255/16)^2 times the brightness of the original's
    gamma = 0.001 / (9 * (255 / 16) ** 2)
    assert accuracy(SVC().set_params(gamma=0.001), original.images) == pytest.approx(0.9689, abs=1e-4)
    assert accuracy(SVC().set_params(gamma=gamma), images) == pytest.approx(0.9689, abs=0.005)

"""Augmentation: random changes of the inputs, compared with SciPy's."""

from dataclasses import replace

import numpy as np
import pytest
from keras import ops
from scipy import ndimage

from keras_session5.catalog import Recipe
from keras_session5.training.augmentation import StepRandom, augment, drop_tokens, transform


def random(seed=0):
    return StepRandom(ops.convert_to_tensor(np.array([seed, 7], "uint32")))


def augmented(images, recipe, seed=0):
    return ops.convert_to_numpy(augment(ops.convert_to_tensor(images), recipe, random(seed)))


def test_a_transformed_image_is_scipys():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 12, 9, 1)).astype("uint8")
    angle, zoom, dy, dx = rng.uniform(-1, 1, (4, 8, 1, 1)).astype("float32")
    zoom = 1 + zoom / 2
    y, x = np.mgrid[:12, :9] - np.array([5.5, 4])[:, None, None]
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    source = np.broadcast_arrays(
        np.arange(8)[:, None, None], cos * y - sin * x + 5.5 + dy, sin * y + cos * x + 4 + dx
    )
    expected = ndimage.map_coordinates(
        images[..., 0].astype("float32"), source, order=1, mode="grid-constant"
    )
    found = ops.convert_to_numpy(transform(ops.convert_to_tensor(images), angle, zoom, dy, dx))
    np.testing.assert_allclose(found[..., 0], expected, atol=2e-3)


def test_nothing_moves_without_an_angle_a_zoom_or_a_shift():
    images = np.random.default_rng(0).integers(0, 256, (3, 5, 7, 1)).astype("uint8")
    zero = np.zeros((3, 1, 1), "float32")
    found = ops.convert_to_numpy(transform(ops.convert_to_tensor(images), zero, zero + 1, zero, zero))
    assert np.array_equal(found, images)


@pytest.mark.parametrize("setting", [{"shift_px": 3.0}, {"rotate_deg": 20.0}, {"scale": 0.2}])
def test_augmentation_keeps_the_shape_of_the_images_and_moves_their_ink(setting):
    images = np.zeros((16, 28, 28, 1), "uint8")
    images[:, 10:18, 8:14] = 200
    moved = augmented(images, replace(Recipe(), **setting))
    assert moved.shape == images.shape
    assert len({image.tobytes() for image in moved}) == 16
    ink = moved.sum((1, 2, 3)) / images.sum((1, 2, 3))
    least, most = (0.6, 1.6) if "scale" in setting else (0.95, 1.05)  # area: 1 / 1.2^2 to 1 / 0.8^2
    assert (least < ink).all()
    assert (ink < most).all()


def test_a_shift_moves_the_centre_of_ink_by_no_more_than_it_may():
    images = np.zeros((200, 28, 28, 1), "uint8")
    images[:, 12:16, 12:16] = 255
    moved = augmented(images, Recipe(shift_px=2.0))[..., 0].astype("float64")
    rows, columns = ((moved.sum(axis) * np.arange(28)).sum(1) / moved.sum((1, 2)) - 13.5 for axis in (2, 1))
    for shift in (rows, columns):
        assert np.abs(shift).max() <= 2.05
        assert np.abs(shift).max() > 1.8
        assert abs(shift.mean()) < 0.3
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.3


def test_the_same_key_gives_the_same_images_and_another_one_others():
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1)).astype("uint8")
    recipe = Recipe(shift_px=2.0, rotate_deg=10)
    assert np.array_equal(augmented(images, recipe), augmented(images, recipe))
    assert not np.array_equal(augmented(images, recipe), augmented(images, recipe, seed=1))


def test_dropped_characters_become_the_unknown_one_and_padding_stays():
    tokens = ops.convert_to_tensor(np.array([[5] * 50 + [0] * 14] * 100, "int32"))
    dropped = ops.convert_to_numpy(drop_tokens(tokens, Recipe(token_dropout=0.25), random()))
    assert dropped.dtype == np.int32
    assert set(np.unique(dropped)) == {0, 1, 5}
    assert (dropped[:, 50:] == 0).all()
    assert abs((dropped[:, :50] == 1).mean() - 0.25) < 0.02
    assert drop_tokens(tokens, Recipe(), random()) is tokens

"""Batches: what an epoch contains, and what augmentation does."""

from dataclasses import replace

import numpy as np
import pytest

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.training.batches import augment, epoch_batches, hide_characters, steps_per_epoch


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def texts():
    """Fifty sequences of 1 to 30 ids whose label is their first id."""
    lengths = rng().integers(1, 31, 50)
    tokens = np.where(np.arange(30) < lengths[:, None], np.arange(2, 52)[:, None], 0).astype("int32")
    return Split(tokens, tokens[:, 0])


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(batch_size=8, bucket=bucket, shuffle=shuffle)
        for bucket in (False, True)
        for shuffle in (False, True)
    ],
)
def test_an_epoch_has_every_example_once_with_its_own_label(texts, recipe):
    batches = list(epoch_batches(recipe, texts, rng()))
    assert len(batches) == steps_per_epoch(recipe, texts) == 7
    labels = np.concatenate([labels for _, labels in batches])
    assert sorted(labels[:, 0]) == sorted(texts.labels)
    for inputs, labels in batches:
        assert (inputs[:, :1] == labels).all()


def test_passes_repeat_the_data(texts):
    recipe = Recipe(batch_size=8, repeats=3)
    batches = list(epoch_batches(recipe, texts, rng()))
    assert len(batches) == steps_per_epoch(recipe, texts) == 19
    assert (np.bincount(np.concatenate([y for _, y in batches])[:, 0])[2:] == 3).all()


def test_buckets_cut_padding_and_no_character(texts):
    recipe = Recipe(batch_size=8, bucket=True)
    widths = []
    for inputs, labels in epoch_batches(recipe, texts, rng()):
        whole = texts.inputs[labels[:, 0] - 2]
        assert (whole[:, inputs.shape[1] :] == 0).all()
        assert (inputs == whole[:, : inputs.shape[1]]).all()
        widths.append(inputs.shape[1])
    assert min(widths) < max(widths)
    assert all(width % 8 == 0 or width == 30 for width in widths)


def test_an_epoch_follows_from_its_seed(texts):
    recipe = Recipe(batch_size=8)

    def order(seed):
        return [int(y) for _, labels in epoch_batches(recipe, texts, rng(seed)) for y in labels[:, 0]]

    assert order([1, 2]) == order([1, 2])
    assert order([1, 2]) != order([1, 3])


def test_without_augmentation_images_are_left_alone():
    images = rng().integers(0, 256, (4, 28, 28, 1)).astype("uint8")
    assert augment(images, Recipe(), rng()) is images


@pytest.mark.parametrize("setting", [{"shift_px": 3.0}, {"rotate_deg": 20.0}, {"scale": 0.2}])
def test_augmentation_keeps_the_kind_of_the_images_and_moves_their_ink(setting):
    images = np.zeros((16, 28, 28, 1), "uint8")
    images[:, 10:18, 8:14] = 200
    moved = augment(images, replace(Recipe(), **setting), rng())
    assert (moved.shape, moved.dtype) == (images.shape, images.dtype)
    assert len({image.tobytes() for image in moved}) == 16
    ink = moved.sum((1, 2, 3)) / images.sum((1, 2, 3))
    least, most = (0.6, 1.6) if "scale" in setting else (0.95, 1.05)  # area: 1 / 1.2^2 to 1 / 0.8^2
    assert (least < ink).all()
    assert (ink < most).all()


def test_a_shift_moves_the_centre_of_ink_by_no_more_than_it_may():
    images = np.zeros((200, 28, 28, 1), "uint8")
    images[:, 12:16, 12:16] = 255
    moved = augment(images, Recipe(shift_px=2.0), rng())[..., 0].astype("float64")
    rows = (moved.sum(2) * np.arange(28)).sum(1) / moved.sum((1, 2)) - 13.5
    assert np.abs(rows).max() <= 2.05
    assert np.abs(rows).max() > 1.8
    assert abs(rows.mean()) < 0.3


def test_hidden_characters_are_the_unknown_one_and_padding_stays():
    tokens = np.array([[5] * 50 + [0] * 14] * 100, "int32")
    hidden = hide_characters(tokens, Recipe(token_dropout=0.25), rng())
    assert hidden.dtype == tokens.dtype
    assert set(np.unique(hidden)) == {0, 1, 5}
    assert (hidden[:, 50:] == 0).all()
    assert abs((hidden[:, :50] == 1).mean() - 0.25) < 0.02
    assert hide_characters(tokens, Recipe(), rng()) is tokens

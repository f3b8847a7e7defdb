"""Batches: what an epoch contains, and in which order."""

import numpy as np
import pytest

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.data.characters import lengths
from keras_session5.training.batches import (
    choose_widths,
    chunk_size,
    epoch_batches,
    epoch_chunks,
    evaluation_chunks,
    steps_per_epoch,
)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def texts():
    """Fifty sequences of 1 to 30 ids whose label is their first id."""
    lengths = rng().integers(1, 31, 50)
    tokens = np.where(np.arange(30) < lengths[:, None], np.arange(2, 52)[:, None], 0).astype("int32")
    return Split(tokens, tokens[:, 0])


RECIPES = [
    Recipe(batch_size=8, bucket=bucket, shuffle=shuffle)
    for bucket in (False, True)
    for shuffle in (False, True)
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_epoch_has_every_example_once(texts, recipe):
    batches = epoch_batches(recipe, texts, rng())
    assert len(batches) == steps_per_epoch(recipe, texts) == 7
    assert sorted(np.concatenate(batches)) == list(range(50))


@pytest.mark.parametrize("size", [1, 3, 16])
@pytest.mark.parametrize("recipe", RECIPES)
def test_chunks_hold_the_batches_of_the_epoch_in_their_order(texts, recipe, size):
    size = chunk_size(recipe, size)
    chunks = list(epoch_chunks(recipe, texts, seed=5, epoch=2, size=size))
    expected = epoch_batches(recipe, texts, rng([5, 2]))
    found = [
        rows[weights > 0]
        for chunk in chunks
        for rows, weights in zip(chunk.rows[: chunk.count], chunk.weights, strict=False)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert {chunk.rows.shape for chunk in chunks} == {(size, 8)}
    assert len(chunks) == -(-len(expected) // size)  # as many executions as `fit` asks for


def test_every_step_has_a_key_of_its_own(texts):
    recipe = Recipe(batch_size=8)
    keys = [
        tuple(chunk.key + np.array([0, i], np.uint32))
        for seed in (0, 2**32 - 1)
        for epoch in (0, 1, 2)
        for chunk in epoch_chunks(recipe, texts, seed, epoch, size=3)
        for i in range(chunk.count)
    ]
    assert len(set(keys)) == len(keys) == 2 * 3 * 7


def test_passes_repeat_the_data(texts):
    recipe = Recipe(batch_size=8, repeats=3)
    batches = epoch_batches(recipe, texts, rng())
    assert len(batches) == steps_per_epoch(recipe, texts) == 19
    assert (np.bincount(np.concatenate(batches)) == 3).all()


def test_few_examples_make_a_batch_of_their_own_size(texts):
    (chunk,) = epoch_chunks(Recipe(batch_size=64), texts, seed=0, epoch=0, size=1)
    assert chunk.rows.shape == (1, 50)
    assert chunk.weights.all()


def test_buckets_keep_the_padding_short(texts):
    def padded(bucket):
        batches = epoch_batches(Recipe(batch_size=8, bucket=bucket), texts, rng())
        return sum(len(rows) * lengths(texts.inputs[rows]).max() for rows in batches)

    assert padded(True) < 0.8 * padded(False)


def test_successive_batches_are_of_unrelated_lengths(texts):
    means = [
        lengths(texts.inputs[rows]).mean()
        for epoch in range(20)
        for rows in epoch_batches(Recipe(batch_size=5, bucket=True), texts, rng([0, epoch]))
    ]
    successive, any_two = np.abs(np.diff(means)).mean(), np.abs(np.subtract.outer(means, means)).mean()
    assert successive > 0.9 * any_two


def test_the_chosen_widths_cover_every_text_with_the_least_padding(texts):
    assert choose_widths(texts, 1) == [30]
    assert choose_widths(texts, 100) == [8, 16, 24, 30]
    each = lengths(texts.inputs)
    padding = {width: np.where(each <= width, width, 30).sum() for width in (8, 16, 24)}
    assert choose_widths(texts, 2) == [min(padding, key=padding.get), 30]


def test_an_epoch_follows_from_its_seed(texts):
    recipe = Recipe(batch_size=8)

    def order(seed):
        return np.concatenate(epoch_batches(recipe, texts, rng(seed))).tolist()

    assert order([1, 2]) == order([1, 2])
    assert order([1, 2]) != order([1, 3])


def test_an_evaluation_has_every_example_once_and_fills_nothing_up(texts):
    (chunk,) = evaluation_chunks(texts)
    assert sorted(chunk.rows[0]) == list(range(50))
    assert np.array_equal(np.sort(lengths(texts.inputs)), lengths(texts.inputs[chunk.rows[0]]))
    many = Split(np.zeros((600, 2), "float32"), np.zeros(600, "int32"))
    assert [chunk.rows.shape for chunk in evaluation_chunks(many)] == [(1, 256), (1, 256), (1, 88)]

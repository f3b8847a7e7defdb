"""From arrays to the batches of every epoch.

The batches of an epoch depend on the seed and the epoch's number alone, so a run that was killed and
resumed gets the same batches as one that ran through.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import ndimage

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.data.characters import PADDING_ID, UNKNOWN_ID, lengths
from keras_session5.tasks.base import make_batch

_POOL = 16  # batches sorted by length together: enough to keep the padding short
_EVALUATION_BATCH = 256
_MULTIPLE = 8  # lengths are rounded up to a multiple of it: fewer shapes for XLA to compile

Prepare = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple]
"""Turns the inputs and labels of a batch into inputs, targets and sample weights: a task's method `batch`."""


def steps_per_epoch(recipe: Recipe, split: Split) -> int:
    """Returns the number of batches in an epoch. The last one may be smaller."""
    return -(-len(split.labels) * recipe.repeats // recipe.batch_size)


def endless_batches(
    recipe: Recipe, split: Split, seed: int, first_epoch: int = 0, prepare: Prepare = make_batch
) -> Any:
    """Returns a `tf.data.Dataset` without end, for `fit(..., steps_per_epoch=...)`.

    Args:
        recipe: batch size, order and augmentation.
        split: inputs (N, ...) and labels (N,).
        seed: of order and augmentation.
        first_epoch: number of the epoch to begin with.
        prepare: turns the inputs and labels of a batch into inputs, targets and sample weights.
    """

    def generate() -> Iterator[tuple]:
        epoch = first_epoch
        while True:
            yield from epoch_batches(recipe, split, np.random.default_rng([seed, epoch]), prepare)
            epoch += 1

    return _make_dataset(generate, split.is_text)


def evaluation_batches(split: Split, prepare: Prepare = make_batch) -> Any:
    """Returns a `tf.data.Dataset` of every example once, texts by length to keep the padding short."""
    import tensorflow as tf

    def generate() -> Iterator[tuple]:
        rng = np.random.default_rng(0)
        rows = np.arange(len(split))
        for batch in _group_rows(split, rows, _EVALUATION_BATCH, split.is_text, rng):
            inputs = split.inputs[batch]
            yield prepare(_trim(inputs) if split.is_text else inputs, split.labels[batch], rng)

    batches = _make_dataset(generate, split.is_text)
    # `fit` needs the number of batches, which a generator does not know.
    return batches.apply(tf.data.experimental.assert_cardinality(-(-len(split) // _EVALUATION_BATCH)))


def epoch_batches(
    recipe: Recipe, split: Split, rng: np.random.Generator, prepare: Prepare = make_batch
) -> Iterator[tuple]:
    """Yields the batches of one epoch, from `prepare`: by default inputs (B, ...), labels (B, 1)."""
    for rows in _order_rows(recipe, split, rng):
        inputs = split.inputs[rows]
        if inputs.ndim == 4:
            inputs = augment(inputs, recipe, rng)
        elif split.is_text:
            inputs = hide_characters(_trim(inputs) if recipe.bucket else inputs, recipe, rng)
        yield prepare(inputs, split.labels[rows], rng)


def augment(images: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Shifts, rotates and scales every image at random, with bilinear interpolation.

    Args:
        images: (B, height, width, 1).

    Returns:
        Array of the same shape and dtype. Pixels from outside the image are 0.
    """
    if not (recipe.shift_px or recipe.rotate_deg or recipe.scale):
        return images
    batch = len(images)
    angle = np.deg2rad(rng.uniform(-recipe.rotate_deg, recipe.rotate_deg, batch))
    zoom = 1 + rng.uniform(-recipe.scale, recipe.scale, batch)
    dy, dx = rng.uniform(-recipe.shift_px, recipe.shift_px, (2, batch, 1, 1))
    cos, sin = (f(angle)[:, None, None] / zoom[:, None, None] for f in (np.cos, np.sin))

    # The source of each pixel of the result: rotated and scaled about the centre, then shifted.
    height, width = images.shape[1:3]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    source = np.broadcast_arrays(
        np.arange(batch)[:, None, None],
        cos * y - sin * x + (height - 1) / 2 + dy,
        sin * y + cos * x + (width - 1) / 2 + dx,
    )
    return ndimage.map_coordinates(images[..., 0], source, order=1)[..., None]


def hide_characters(tokens: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Replaces random characters with the unknown character.

    The network then learns not to rely on any single character, and to ignore unknown ones.

    Args:
        tokens: (B, T) ids, 0 for padding.

    Returns:
        Array of the same shape and dtype.
    """
    if not recipe.token_dropout:
        return tokens
    hidden = (rng.random(tokens.shape) < recipe.token_dropout) & (tokens != PADDING_ID)
    return np.where(hidden, np.int32(UNKNOWN_ID), tokens)


def _order_rows(recipe: Recipe, split: Split, rng: np.random.Generator) -> list[np.ndarray]:
    """Returns the rows of each batch of an epoch."""
    count = len(split.labels)
    rows = np.concatenate(
        [rng.permutation(count) if recipe.shuffle else np.arange(count) for _ in range(recipe.repeats)]
    )
    if recipe.interleave_classes:  # the first of every class, then the second of every class
        labels = split.labels[rows]
        turns = np.zeros(len(rows), int)
        for label in np.unique(labels):
            turns[labels == label] = np.arange(np.count_nonzero(labels == label))
        rows = rows[np.argsort(turns, kind="stable")]
    return _group_rows(split, rows, recipe.batch_size, recipe.bucket, rng)


def _group_rows(
    split: Split, rows: np.ndarray, size: int, bucket: bool, rng: np.random.Generator
) -> list[np.ndarray]:
    """Splits rows into batches; with `bucket`, a batch holds texts of about the same length."""
    if bucket:
        pools = [rows[i : i + _POOL * size] for i in range(0, len(rows), _POOL * size)]
        rows = np.concatenate([pool[np.argsort(lengths(split.inputs[pool]))] for pool in pools])
    batches = [rows[i : i + size] for i in range(0, len(rows), size)]
    if bucket:
        rng.shuffle(batches)
    return batches


def _trim(tokens: np.ndarray) -> np.ndarray:
    """Removes the padding that all rows share, and rounds the length up."""
    length = -(-lengths(tokens).max() // _MULTIPLE) * _MULTIPLE
    return tokens[:, : min(length, tokens.shape[1])]


def _make_dataset(generate: Callable[[], Iterator], is_text: bool) -> Any:
    """Returns a `tf.data.Dataset` of generated batches, with sequences of any length, prefetched."""
    import tensorflow as tf

    def spec(array: np.ndarray) -> tf.TensorSpec:
        any_length = is_text and array.ndim == 2 and array.shape[1] > 1
        return tf.TensorSpec((None, None) if any_length else (None, *array.shape[1:]), array.dtype)

    signature = tf.nest.map_structure(spec, next(generate()))
    batches = tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(8)
    # There is nothing to tune, and at the end `fit` waits for the tuner's thread, which can sleep for as long
    # as the training took.
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)

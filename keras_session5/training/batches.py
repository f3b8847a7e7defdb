"""From arrays to the batches of every epoch.

What an epoch contains is a function of the seed and of the epoch's number alone, so a run that was
killed and resumed sees the batches that it would have seen.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import ndimage

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.data.characters import PADDING_ID, UNKNOWN_ID, lengths
from keras_session5.tasks.task import labelled

_POOL = 16  # batches that are sorted by length together: long enough for little padding
_EVALUATED = 256  # examples at once in an evaluation
_MULTIPLE = 8  # lengths are rounded up to it: fewer shapes for XLA to compile


def steps_per_epoch(recipe: Recipe, split: Split) -> int:
    """Number of batches in an epoch, the last of which may be smaller."""
    return -(-len(split.labels) * recipe.repeats // recipe.batch_size)


def endless_batches(recipe: Recipe, split: Split, seed: int, first_epoch: int = 0, prepare=labelled):
    """A `tf.data.Dataset` of what `prepare` makes of each batch, for `fit(..., steps_per_epoch=...)`.

    Args:
        recipe: batch size, order and augmentation.
        split: inputs (N, ...) and labels (N,).
        seed: of order and augmentation.
        first_epoch: number of the epoch to begin with.
        prepare: from the inputs and labels of a batch to inputs, targets and sample weights, such as the
            method `batch` of a task.
    """

    def generate() -> Iterator[tuple]:
        epoch = first_epoch
        while True:
            yield from epoch_batches(recipe, split, np.random.default_rng([seed, epoch]), prepare)
            epoch += 1

    return _dataset(generate, split.is_text)


def evaluation_batches(split: Split, prepare=labelled):
    """A `tf.data.Dataset` of every example once; texts by length, so that little padding is computed."""
    import tensorflow as tf

    def generate() -> Iterator[tuple]:
        rng = np.random.default_rng(0)
        rows = np.arange(len(split))
        for batch in _groups(split, rows, _EVALUATED, split.is_text, rng):
            inputs = split.inputs[batch]
            yield prepare(_trim(inputs) if split.is_text else inputs, split.labels[batch], rng)

    batches = _dataset(generate, split.is_text)
    # A generator does not say where it ends; `fit` wants to know.
    return batches.apply(tf.data.experimental.assert_cardinality(-(-len(split) // _EVALUATED)))


def epoch_batches(recipe: Recipe, split: Split, rng: np.random.Generator, prepare=labelled) -> Iterator:
    """Yields the batches of one epoch, as `prepare` makes them: inputs (B, ...) and labels (B, 1)."""
    for rows in _order(recipe, split, rng):
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
        Array of the same shape and dtype; what comes from outside the image is 0.
    """
    if not (recipe.shift_px or recipe.rotate_deg or recipe.scale):
        return images
    batch = len(images)
    angle = np.deg2rad(rng.uniform(-recipe.rotate_deg, recipe.rotate_deg, batch))
    zoom = 1 + rng.uniform(-recipe.scale, recipe.scale, batch)
    dy, dx = rng.uniform(-recipe.shift_px, recipe.shift_px, (2, batch, 1, 1))
    cos, sin = (f(angle)[:, None, None] / zoom[:, None, None] for f in (np.cos, np.sin))

    # Where each pixel of the result comes from: rotated and scaled about the middle, then shifted.
    height, width = images.shape[1:3]
    y, x = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    source = np.broadcast_arrays(
        np.arange(batch)[:, None, None],
        cos * y - sin * x + (height - 1) / 2 + dy,
        sin * y + cos * x + (width - 1) / 2 + dx,
    )
    return ndimage.map_coordinates(images[..., 0], source, order=1)[..., None]


def hide_characters(tokens: np.ndarray, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Replaces characters at random by the unknown one.

    A network so trained relies on no single character, and learns what the unknown one tells: nothing.

    Args:
        tokens: (B, T) ids, 0 where there is no character.

    Returns:
        Array of the same shape and dtype.
    """
    if not recipe.token_dropout:
        return tokens
    hidden = (rng.random(tokens.shape) < recipe.token_dropout) & (tokens != PADDING_ID)
    return np.where(hidden, np.int32(UNKNOWN_ID), tokens)


def _order(recipe: Recipe, split: Split, rng: np.random.Generator) -> list[np.ndarray]:
    """The rows of each batch."""
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
    return _groups(split, rows, recipe.batch_size, recipe.bucket, rng)


def _groups(
    split: Split, rows: np.ndarray, size: int, bucket: bool, rng: np.random.Generator
) -> list[np.ndarray]:
    """The rows in batches; with `bucket`, texts of about the same length together."""
    if bucket:
        pools = [rows[i : i + _POOL * size] for i in range(0, len(rows), _POOL * size)]
        rows = np.concatenate([pool[np.argsort(lengths(split.inputs[pool]))] for pool in pools])
    batches = [rows[i : i + size] for i in range(0, len(rows), size)]
    if bucket:
        rng.shuffle(batches)
    return batches


def _trim(tokens: np.ndarray) -> np.ndarray:
    """The tokens without the padding of all, to a length that is rounded up."""
    length = -(-lengths(tokens).max() // _MULTIPLE) * _MULTIPLE
    return tokens[:, : min(length, tokens.shape[1])]


def _dataset(generate: Callable[[], Iterator], is_text: bool):
    """What a generator of batches yields, with sequences of any length, made a few batches ahead."""
    import tensorflow as tf

    def spec(array: np.ndarray) -> tf.TensorSpec:
        of_any_length = is_text and array.ndim == 2 and array.shape[1] > 1
        return tf.TensorSpec((None, None) if of_any_length else (None, *array.shape[1:]), array.dtype)

    signature = tf.nest.map_structure(spec, next(generate()))
    batches = tf.data.Dataset.from_generator(generate, output_signature=signature).prefetch(8)
    # There is nothing to tune, and the tuner's thread sometimes sleeps on, for up to as long as the training
    # took, while the end of `fit` waits for it.
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)

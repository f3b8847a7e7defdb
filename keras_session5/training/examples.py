"""The examples of a split: on the device, or gathered for each chunk of batches."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from keras_session5.data import Split
from keras_session5.data.characters import lengths
from keras_session5.tasks import Task
from keras_session5.training import batches, device, distributed

_WIDTHS = 3  # lengths of texts, where each is compiled by itself
_EVERY_WIDTH = 10_000


class Examples:
    """The examples of a split, on the device if they take at most a quarter of its memory.

    Args:
        task: turns the examples into the columns of a batch.
        split: the examples.
        compiled: whether every length of the texts is compiled by itself, so that there are few.
    """

    def __init__(self, task: Task, split: Split, compiled: bool):
        self.split, self.compiled = split, compiled
        columns = task.examples(split.inputs, split.labels)
        if split.is_text:
            count = _WIDTHS if compiled else _EVERY_WIDTH
            self.lengths = lengths(split.inputs)
            self.widths = batches.choose_widths(split, count)
            self.trimmed = np.stack([self._column_widths(columns, width) for width in self.widths])
        size = sum(column.nbytes for column in tree.flatten(columns))
        self.resident = size <= device.memory_bytes() / 4
        self.columns = tree.map_structure(distributed.replicate, columns) if self.resident else columns

    def feed(self, chunks: Iterable[batches.Chunk]) -> Iterator[tuple]:
        """Yields for each chunk its rows, or its columns if they are not on the device, and the rest.

        The last part is the length of each column for each batch, or for the chunk if it is compiled.
        """
        for rows, weights, count, key in chunks:
            widths = np.zeros((len(rows), len(tree.flatten(self.columns))), np.int32)
            if self.split.is_text:
                longest = np.where(weights > 0, self.lengths[rows], 0).max(axis=1)
                longest = np.full_like(longest, longest.max()) if self.compiled else longest
                widths = self.trimmed[np.searchsorted(self.widths, longest)]
            yield rows if self.resident else self.gather(rows), weights, count, key, widths

    def gather(self, rows: Any) -> Any:
        """Returns the columns (K, B, ...) of rows (K, B)."""
        return (_make_gather() if self.resident else _take)(self.columns, rows)

    def chunks(self, feed: Callable[[], Iterator[tuple]]) -> Iterator[tuple]:
        """Returns the iterator that `feed` makes; under TensorFlow, another thread makes what it gathers."""
        return feed() if self.resident or keras.backend.backend() == "jax" else iter(_stream(feed))

    def _column_widths(self, columns: Any, width: int) -> np.ndarray:
        """Returns the length of each column for texts of at most `width` tokens; 0 for one without tokens."""
        rows = self.lengths <= width
        return np.array(
            [
                np.flatnonzero(column[rows].any(axis=0)).max(initial=0) + 1 if is_sequence(column) else 0
                for column in tree.flatten(columns)
            ],
            np.int32,
        )


def is_sequence(column: Any) -> bool:
    """Returns whether a column (N, T) holds tokens or their weights, rather than one label each."""
    return len(column.shape) == 2 and column.shape[1] > 1


def _take(columns: Any, rows: Any, take: Callable[..., Any] = np.take) -> Any:
    return tree.map_structure(lambda column: take(column, rows, axis=0), columns)


@functools.cache
def _make_gather() -> Callable[[Any, Any], Any]:
    """Returns `_take` on the device, as one program: its operations one by one take three times as long."""
    take = functools.partial(_take, take=ops.take)
    if keras.backend.backend() == "jax":
        import jax  # pyright: ignore[reportMissingImports]

        return jax.jit(take)
    import tensorflow as tf

    return tf.function(take, autograph=False, reduce_retracing=True)


def _stream(feed: Callable[[], Iterator[tuple]]) -> Any:
    """Returns chunks that another thread makes while the device computes."""
    import tensorflow as tf

    def spec(array: np.ndarray) -> tf.TensorSpec:
        return tf.TensorSpec([None, None, *array.shape[2:]] if array.ndim > 1 else array.shape, array.dtype)

    signature = tree.map_structure(spec, next(feed()))
    data = tf.data.Dataset.from_generator(feed, output_signature=signature).prefetch(2)
    # There is nothing to tune, and at the end the tuner's thread can sleep for as long as the training took.
    options = tf.data.Options()
    options.autotune.enabled = False
    return data.with_options(options)

"""Data sets from TFDS: prepared in a folder on first use, then read from there."""

import contextlib
import functools
import importlib
import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.data.columns import Columns, make_data_set
from keras_session5.data.dataset import DataSet
from keras_session5.data.reachability import check_reachable
from keras_session5.data.registry import DataSetEntry
from keras_session5.errors import DataError


def load(name: str, entry: DataSetEntry, folder: Path) -> DataSet:
    """Returns a data set from TFDS's folder, after preparing it there if necessary.

    Raises:
        DataError: if the data set cannot be prepared, or its prepared copy cannot be read.
    """
    builder = _make_builder(name, entry, folder)
    if not builder.info.splits:  # the builder found no prepared copy
        # TFDS prepares in a temporary folder and renames it, so that an existing folder is complete.
        if not builder.data_path.exists():
            _prepare(name, entry, folder, builder)
        builder = _make_builder(name, entry, folder)
    examples = {split: _decode_texts(columns) for split, columns in _read(name, builder).items()}
    return make_data_set(name, entry, examples, f"TFDS {builder.info.full_name}")


def has_other_backend() -> bool:
    """Returns whether Keras computes without TensorFlow in this process, as far as the environment tells."""
    return (os.environ.get("KERAS_BACKEND") or "tensorflow") != "tensorflow"


def _make_builder(name: str, entry: DataSetEntry, folder: Path) -> Any:
    """Returns the TFDS builder; this does not import TensorFlow yet."""
    import tensorflow_datasets as tfds

    family, _, variant = name.partition("/")
    variant = variant or entry.default_variant
    if entry.needs_network:
        make = functools.partial(tfds.builder, family, try_gcs=False)
    else:
        module = importlib.import_module(f"keras_session5.data.{family}.{family}_dataset_builder")
        make = functools.partial(module.Builder, config=variant)
    try:
        return make(data_dir=folder)
    except Exception as error:  # a damaged record raises any error of its parser
        raise _unreadable(name, folder / family, type(error).__name__) from error


def _prepare(name: str, entry: DataSetEntry, folder: Path, builder: Any) -> None:
    import tensorflow_datasets as tfds

    if entry.download_url:
        check_reachable(name, entry.download_url)
    _require_writable(folder)
    tfds.disable_progress_bar()
    try:
        # TFDS prints on standard output, which the commands reserve for JSON.
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
    except Exception as error:
        # Another process may have prepared the same data in the meantime.
        if not builder.data_path.exists():
            raise DataError(f"Preparing {name} in {folder} failed: {error}") from error


def _require_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataError(
            f"The data folder {folder} cannot be written to ({error.strerror}). "
            f"Choose another: --data-dir DIR, `data_dir` or TFDS_DATA_DIR."
        ) from error


def _read(name: str, builder: Any) -> dict[str, dict[str, np.ndarray]]:
    import tensorflow_datasets as tfds

    if has_other_backend():
        import tensorflow as tf

        tf.config.set_visible_devices([], "GPU")  # TensorFlow would take all of the GPU's memory

    if not builder.info.splits:
        raise _unreadable(name, builder.data_path, "no dataset_info.json")
    try:
        # -1 reads a whole split as one batch, in the order in which it was written.
        return {
            split: tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
            for split in builder.info.splits
        }
    except Exception as error:  # TensorFlow's errors do not derive from OSError
        raise _unreadable(name, builder.data_path, type(error).__name__) from error


def _unreadable(name: str, folder: Path, reason: str) -> DataError:
    return DataError(
        f"The prepared copy of {name} in {folder} cannot be read ({reason}). "
        f"Delete that folder; the next use prepares it again."
    )


def _decode_texts(columns: dict[str, np.ndarray]) -> Columns:
    """Returns the columns with strings in place of TensorFlow's bytes."""
    return {
        name: [text.decode() for text in column] if column.dtype == object else column
        for name, column in columns.items()
    }

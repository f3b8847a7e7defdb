"""Data sets through TFDS: prepared once in a folder, read from there ever after."""

import contextlib
import functools
import importlib
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.data.characters import encode
from keras_session5.data.dataset import DataSet, Kind, Split
from keras_session5.data.network import require_reachable
from keras_session5.data.registry import DataSetEntry
from keras_session5.errors import DataError


def load(name: str, entry: DataSetEntry, folder: Path) -> DataSet:
    """Returns a data set from TFDS's folder, prepared there first where it is not yet.

    Raises:
        DataError: it cannot be prepared, or what is in the folder cannot be read.
    """
    builder = _builder(name, entry, folder)
    if not builder.info.splits:  # nothing was there to be read when the builder was made
        # TFDS prepares in a folder beside the data set's and renames it, so that what exists is complete
        if not builder.data_path.exists():
            _prepare(name, entry, folder, builder)
        builder = _builder(name, entry, folder)
    examples = _read(name, builder)
    splits = {split: _to_split(columns, entry.kind) for split, columns in examples.items()}
    if entry.alphabet is not None:
        splits = _encoded(splits, entry.alphabet)
    return DataSet(
        name=name,
        kind=entry.kind,
        train=splits["train"],
        validation=splits.get("validation"),
        test=splits["test"],
        class_names=tuple(builder.info.features["label"].names),
        alphabet=entry.alphabet,
        source=f"TFDS {builder.info.full_name}",
    )


def _builder(name: str, entry: DataSetEntry, folder: Path) -> Any:
    """Returns the TFDS builder; this alone does not import TensorFlow."""
    import tensorflow_datasets as tfds

    family, _, variant = name.partition("/")
    if entry.needs_network:
        make = functools.partial(tfds.builder, family, try_gcs=False)
    else:
        module = importlib.import_module(f"keras_session5.data.{family}.{family}_dataset_builder")
        make = functools.partial(module.Builder, config=variant or None)
    try:
        return make(data_dir=folder)
    except Exception as error:  # a damaged record of the data set raises what its parser raises
        raise _unreadable(name, folder / family, type(error).__name__) from error


def _prepare(name: str, entry: DataSetEntry, folder: Path, builder: Any) -> None:
    import tensorflow_datasets as tfds

    if entry.download_url:
        require_reachable(name, entry.download_url)
    _require_writable(folder)
    tfds.disable_progress_bar()
    try:
        # TFDS prints two sentences on standard output, where a command's JSON may go
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
    except Exception as error:
        # another process may have prepared the same data in the meantime: its copy is as good
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

    if not builder.info.splits:
        raise _unreadable(name, builder.data_path, "no dataset_info.json")
    try:
        # -1: a whole split is one batch, in the order in which it was written
        return {
            split: tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
            for split in builder.info.splits
        }
    except Exception as error:  # TensorFlow's errors share no root with Python's
        raise _unreadable(name, builder.data_path, type(error).__name__) from error


def _unreadable(name: str, folder: Path, reason: str) -> DataError:
    return DataError(
        f"The prepared copy of {name} in {folder} cannot be read ({reason}). "
        f"Delete that folder, and it is prepared again."
    )


def _to_split(columns: dict[str, np.ndarray], kind: Kind) -> Split:
    return Split(columns[kind], columns["label"].astype(np.int32))


def _encoded(splits: dict[str, Split], alphabet: str) -> dict[str, Split]:
    """Returns text splits with character ids for inputs, all as wide as the longest text of the data set."""
    texts = {name: tuple(text.decode() for text in split.inputs) for name, split in splits.items()}
    length = max(len(text) for of_split in texts.values() for text in of_split)
    return {
        name: Split(encode(texts[name], alphabet, length), split.labels, texts[name])
        for name, split in splits.items()
    }

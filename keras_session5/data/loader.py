"""The one function that loads any data set."""

import os
from pathlib import Path

from keras_session5.checks import one_of
from keras_session5.data import idx, prepared
from keras_session5.data.dataset import DataSet
from keras_session5.data.registry import DATA_SETS, loadable_names
from keras_session5.errors import ArgumentError


def load_data(name: str, data_dir: str | os.PathLike[str] | None = None) -> DataSet:
    """Returns a data set, prepared by TFDS on its first use and read from the disk from then on.

    Args:
        name: one of `DATA_SETS`, for the gates with the gate: `"digits"`, `"logic_gates/xor"`. `"waves"`
            is the same as `"waves/random"`, its default variant.
        data_dir: an existing folder. For `mnist` and `fashion_mnist` one that holds the four IDX files
            is read as it is; any other is where TFDS keeps prepared data. None: `$TFDS_DATA_DIR`,
            else `~/tensorflow_datasets`, which is made when it does not exist.

    Raises:
        ArgumentError: there is no such data set or variant.
        DataError: the data cannot be had, or a file is not what it should be.

    Example:
        >>> xor = load_data("logic_gates/xor")
        >>> xor.train.inputs.tolist(), xor.train.labels.tolist()
        ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    one_of("name", name, loadable_names())
    folder = _folder(data_dir)
    entry = DATA_SETS[name.partition("/")[0]]
    if entry.idx and idx.holds_idx_files(folder):
        return idx.load_folder(name, folder, entry.class_names, entry.framing)
    return prepared.load(name, entry, folder)


def _folder(data_dir: str | os.PathLike[str] | None) -> Path:
    if data_dir is None:
        return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    folder = Path(data_dir).expanduser()
    if not folder.is_dir():
        raise ArgumentError(
            f"`data_dir` must be an existing folder: make it first, or leave it out for the usual one. "
            f"Received: data_dir={os.fspath(data_dir)!r}"
        )
    return folder

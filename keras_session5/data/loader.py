"""The one function that loads any data set."""

import os
from importlib.util import find_spec
from pathlib import Path

from keras_session5.checks import one_of
from keras_session5.data import generated, idx, prepared
from keras_session5.data.dataset import DataSet
from keras_session5.data.registry import DATA_SETS, loadable_names
from keras_session5.errors import ArgumentError


def load_data(name: str, data_dir: str | os.PathLike[str] | None = None) -> DataSet:
    """Returns a data set; TFDS prepares it on first use and afterwards reads it from disk.

    Without TensorFlow, which TFDS needs, or with `KERAS_BACKEND=jax`, the data sets that need no internet are
    generated in memory on each use, with the same samples in the same order.

    Args:
        name: one of `DATA_SETS`, with a variant where there are several, such as `"digits"` or
            `"logic_gates/xor"`. `"waves"` is the same as `"waves/random"`, its default variant.
        data_dir: an existing folder in which TFDS stores prepared data or, for `mnist` and `fashion_mnist`,
            a folder with the four IDX files. None for `$TFDS_DATA_DIR` or else `~/tensorflow_datasets`,
            which is created if necessary.

    Raises:
        ArgumentError: if there is no such data set, variant or folder.
        DataError: if the data are unavailable or a file is invalid.

    Example:
        >>> xor = load_data("logic_gates/xor")
        >>> xor.train.inputs.tolist(), xor.train.labels.tolist()
        ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    one_of("name", name, loadable_names())
    folder = _find_folder(data_dir)
    entry = DATA_SETS[name.partition("/")[0]]
    if entry.idx and idx.holds_idx_files(folder):
        return idx.load_folder(name, folder, entry.class_names, entry.framing)
    if not _has_tensorflow() or (prepared.has_other_backend() and not entry.needs_network):
        return generated.load(name, entry)
    return prepared.load(name, entry, folder)


def _has_tensorflow() -> bool:
    try:
        return find_spec("tensorflow") is not None
    except ImportError:  # raised by finders that block it
        return False


def _find_folder(data_dir: str | os.PathLike[str] | None) -> Path:
    if data_dir is None:
        return Path(os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    folder = Path(data_dir).expanduser()
    if not folder.is_dir():
        raise ArgumentError(
            f"`data_dir` must be an existing folder: create it first, or omit the argument for the default. "
            f"Received: data_dir={os.fspath(data_dir)!r}"
        )
    return folder

"""The data sets that need no internet, generated in memory. This needs neither TensorFlow nor TFDS."""

import importlib

from keras_session5.data.columns import Columns, make_data_set
from keras_session5.data.dataset import DataSet
from keras_session5.data.registry import DATA_SETS, DataSetEntry
from keras_session5.errors import DataError


def load(name: str, entry: DataSetEntry) -> DataSet:
    """Returns a data set with the same examples, in the same order, as its prepared copy.

    Raises:
        DataError: if the data set must be downloaded.
    """
    if entry.needs_network:
        raise _needs_tensorflow(name, entry)
    family, _, variant = name.partition("/")
    examples = make_examples(family, variant or entry.default_variant)
    return make_data_set(name, entry, examples, f"keras_session5.data.{family}, without a prepared copy")


def make_examples(family: str, variant: str | None) -> dict[str, Columns]:
    """Returns split -> columns of a data set, which `<family>/examples.py` generates."""
    module = importlib.import_module(f"keras_session5.data.{family}.examples")
    return module.make_examples(variant)


def _needs_tensorflow(name: str, entry: DataSetEntry) -> DataError:
    others = ", ".join(other for other, entry in DATA_SETS.items() if not entry.needs_network)
    idx_files = (
        " Or pass a folder that contains its IDX files (train-images-idx3-ubyte.gz, ...): --data-dir DIR or "
        "`data_dir`."
        if entry.idx
        else ""
    )
    return DataError(
        f"{name} is read by TensorFlow Datasets, which needs TensorFlow, and that is not installed. "
        f"Install it: pip install 'keras-session5'.{idx_files} These data sets do without: {others}."
    )

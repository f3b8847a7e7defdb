"""IDX files are read as they are, and wrong ones are named with what was expected and found."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.data.idx import read_idx
from keras_session5.errors import DataError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx_bytes(values: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture
def folder(tmp_path):
    """Three images to train on and two to test on, pixel values their own positions modulo 256."""
    for prefix, n in (("train", 3), ("t10k", 2)):
        images = np.arange(n * 28 * 28).astype(np.uint8).reshape(n, 28, 28)
        labels = np.arange(n, dtype=np.uint8)
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (tmp_path / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return tmp_path


def write(path, *content: int) -> Path:
    path.write_bytes(bytes(content))
    return path


def test_a_file_made_by_hand_is_read(tmp_path):
    path = write(tmp_path / "two-by-three", 0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255)
    np.testing.assert_array_equal(read_idx(path), np.array([[1, 2, 3], [4, 5, 255]], np.uint8))


def test_multi_byte_values_are_big_endian(tmp_path):
    path = write(tmp_path / "shorts", 0, 0, 0x0B, 1, 0, 0, 0, 2, 1, 0, 0xFF, 0xFE)
    np.testing.assert_array_equal(read_idx(path), np.array([256, -2], np.int16))


@pytest.mark.parametrize(
    ("content", "expected", "found"),
    [
        ([], "magic number", "an empty file"),
        ([0x89, 0x50, 0x4E, 0x47], "magic number", "89 50 4e 47"),
        ([0, 0, 7, 1, 0, 0, 0, 0], "magic number", "00 00 07 01"),
        ([0, 0, 8, 3, 0, 0, 0, 1], "3 dimension(s) of four bytes", "4 bytes"),
        ([0, 0, 8, 1, 0, 0, 0, 3, 1, 2], "11 bytes long", "10 bytes"),
        ([0, 0, 8, 1, 0, 0, 0, 1, 1, 2], "9 bytes long", "10 bytes"),
        ([0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255], "18446744065119617037 bytes long", "12 bytes"),
        ([0, 0, 8, 0, 1], "1 to 64 dimensions", "none"),
        ([0, 0, 8, 2, 0, 0, 0, 0, 255, 255, 255, 255], "dimensions of at least 1", "0 x 4294967295"),
        ([0, 0, 8, 65, *[0, 0, 0, 1] * 65, 9], "1 to 64 dimensions", "1 x 1"),
        ([0x1F, 0x8B, 8, 0], "compressed with gzip", "ended before"),
    ],
)
def test_a_wrong_file_is_named_with_what_was_expected_and_found(content, expected, found, tmp_path):
    path = write(tmp_path / "wrong", *content)
    with pytest.raises(DataError, match=f"{path} must .*{re.escape(expected)}.*Found: .*{found}"):
        read_idx(path)


def test_a_truncated_compressed_file_is_named(tmp_path):
    path = tmp_path / "truncated.gz"
    path.write_bytes(gzip.compress(idx_bytes(np.arange(200, dtype=np.uint8)))[:-20])
    with pytest.raises(DataError, match=str(path)):
        read_idx(path)


def test_a_folder_of_four_files_is_a_data_set(folder):
    data = load_data("mnist", folder)
    assert data.train.inputs.shape == (3, 28, 28, 1)
    assert (data.train.inputs.dtype, data.train.labels.dtype) == (np.uint8, np.int32)
    np.testing.assert_array_equal(data.train.inputs.ravel(), np.arange(3 * 784) % 256)
    np.testing.assert_array_equal(data.test.labels, [0, 1])
    assert (data.modality, data.validation, data.alphabet) == ("image", None, "")
    assert data.class_names == tuple("0123456789")
    assert data.source == f"IDX files in {folder}"


@pytest.mark.parametrize("spelling", ["{}.gz", "dotted {}", "dotted {}.gz"])
def test_other_spellings_are_found(spelling, folder):
    for name in NAMES:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        new_name = name.replace("-idx", ".idx") if "dotted" in spelling else name
        if spelling.endswith(".gz"):
            new_name, content = f"{new_name}.gz", gzip.compress(content)
        (folder / new_name).write_bytes(content)
    assert len(load_data("fashion_mnist", folder).train) == 3


@pytest.mark.parametrize("missing", NAMES)
def test_a_missing_file_is_named(missing, folder):
    (folder / missing).unlink()
    with pytest.raises(DataError, match=f"{folder} contains IDX files, but neither {missing} nor"):
        load_data("mnist", folder)


@pytest.mark.parametrize(
    ("file", "values", "message"),
    [
        (NAMES[1], np.zeros(4, np.uint8), "the same number of samples.* Found: 3 images, 4 labels"),
        (NAMES[3], np.array([3, 10], np.uint8), "t10k-labels.* labels below 10. Found: 10"),
        (NAMES[0], np.zeros((3, 8, 8), np.uint8), "train-images.* images of 28 x 28. Found: 8 x 8"),
        (NAMES[2], np.zeros(2, np.uint8), "t10k-images.* in 3 dimension.* in 1 dimension"),
    ],
)
def test_files_that_do_not_fit_together_are_named(file, values, message, folder):
    (folder / file).write_bytes(idx_bytes(values))
    with pytest.raises(DataError, match=message):
        load_data("mnist", folder)


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_debians_fashion_mnist_is_complete():
    data = load_data("fashion_mnist", DEBIAN)
    assert data.train.inputs.shape == (60_000, 28, 28, 1)
    assert data.test.inputs.shape == (10_000, 28, 28, 1)
    assert np.bincount(data.train.labels).tolist() == [6_000] * 10
    assert np.bincount(data.test.labels).tolist() == [1_000] * 10
    assert data.class_names[data.train.labels[0]] == "Ankle boot"

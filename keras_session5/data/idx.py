"""IDX files, the format of MNIST and Fashion-MNIST.

A file consists of a magic number of four bytes (two zeros, the type of the values, the number of dimensions),
one big-endian 32-bit size for each dimension, and the values, last dimension fastest. It may be compressed
with gzip.

Reference: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST Database, http://yann.lecun.com/exdb/mnist
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from keras_session5.data.dataset import DataSet, Framing, Split
from keras_session5.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_TRAIN_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
_TEST_FILES = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DIMS = 64  # NumPy's limit
_SIDE = 28  # pixels


def read_idx(path: Path) -> np.ndarray:
    """Returns the array in an IDX file, plain or compressed, with the declared shape and type.

    Raises:
        DataError: if the file cannot be read or is not a complete IDX file.
    """
    content = _read(path)
    dtype, shape = _parse_header(path, content)
    start = 4 + 4 * len(shape)
    expected = start + math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise DataError(
            f"{path} must be {expected} bytes long (uncompressed) for {_format_shape(shape)} values. "
            f"Found: {len(content)} bytes"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def holds_idx_files(folder: Path) -> bool:
    """Returns whether the folder contains any of the four files of an MNIST-like data set."""
    return any(_find(folder, file) for file in _TRAIN_FILES + _TEST_FILES)


def load_folder(
    name: str, folder: Path, class_names: tuple[str, ...], framing: Framing | None = None
) -> DataSet:
    """Returns an MNIST-like data set from the four IDX files of a folder.

    Args:
        name: name of the data set, such as `"fashion_mnist"`.
        folder: folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and their `t10k`
            counterparts, also spelled `train-images.idx3-ubyte`, with or without `.gz`.
        class_names: one name for each class.
        framing: placement of the digits in the images, if they show digits.

    Raises:
        DataError: if a file is missing or invalid, or images and labels do not match.
    """
    return DataSet(
        name=name,
        modality="image",
        train=_load_split(folder, _TRAIN_FILES, len(class_names)),
        validation=None,
        test=_load_split(folder, _TEST_FILES, len(class_names)),
        class_names=class_names,
        alphabet="",
        source=f"IDX files in {folder}",
        framing=framing,
    )


def _load_split(folder: Path, files: tuple[str, str], num_classes: int) -> Split:
    images_path, labels_path = (_require(folder, file) for file in files)
    images, labels = _read_bytes(images_path, num_dims=3), _read_bytes(labels_path, num_dims=1)
    if images.shape[1:] != (_SIDE, _SIDE):
        raise DataError(
            f"{images_path} must contain images of 28 x 28. Found: {_format_shape(images.shape[1:])}"
        )
    if len(images) != len(labels):
        raise DataError(
            f"{images_path} and {labels_path} must have the same number of samples. "
            f"Found: {len(images)} images, {len(labels)} labels"
        )
    if labels.max() >= num_classes:
        raise DataError(f"{labels_path} must contain labels below {num_classes}. Found: {labels.max()}")
    return Split(images[..., np.newaxis], labels.astype(np.int32))


def _read_bytes(path: Path, num_dims: int) -> np.ndarray:
    values = read_idx(path)
    if values.dtype != np.uint8 or values.ndim != num_dims:
        raise DataError(
            f"{path} must contain unsigned bytes in {num_dims} dimension(s). "
            f"Found: {values.dtype} in {values.ndim} dimension(s)"
        )
    return values


def _find(folder: Path, file: str) -> Path | None:
    spellings = (f"{stem}{gz}" for stem in (file, file.replace("-idx", ".idx")) for gz in ("", ".gz"))
    return next((folder / name for name in spellings if (folder / name).is_file()), None)


def _require(folder: Path, file: str) -> Path:
    path = _find(folder, file)
    if path is None:
        raise DataError(f"{folder} contains IDX files, but neither {file} nor {file}.gz.")
    return path


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} must be a readable file, plain or compressed with gzip. Found: {error}"
        ) from error


def _parse_header(path: Path, content: bytes) -> tuple[np.dtype, tuple[int, ...]]:
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DataError(
            f"{path} must start with the magic number of an IDX file: 00 00, type, number of dimensions. "
            f"Found: {content[:4].hex(' ') or 'an empty file'}"
        )
    num_dims = content[3]
    sizes = content[4 : 4 + 4 * num_dims]
    if len(sizes) < 4 * num_dims:
        raise DataError(
            f"{path} must contain {num_dims} dimension(s) of four bytes after its magic number. "
            f"Found: {len(sizes)} bytes"
        )
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    if not 1 <= num_dims <= _MAX_DIMS or 0 in shape:
        raise DataError(
            f"{path} must have 1 to {_MAX_DIMS} dimensions of at least 1. "
            f"Found: {_format_shape(shape) or 'none'}"
        )
    return np.dtype(_TYPES[content[2]]), shape


def _format_shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))

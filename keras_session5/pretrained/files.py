"""Reads a folder of published weights: `config.json` and `model.safetensors`."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.errors import ArgumentError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
PREPROCESSOR = "preprocessor_config.json"
_INDEX = "model.safetensors.index.json"  # of weights in several files
_INSTALL = "pip install 'keras-session5[weights]'"


class Tensors:
    """The tensors of one or several safetensors files, which are read one by one."""

    def __init__(self, files: dict[str, Any]) -> None:
        self._files = files  # name of a tensor -> the open file that holds it

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns the shape of a tensor without reading its values."""
        return tuple(self._files[name].get_slice(name).get_shape())

    def read(self, name: str) -> np.ndarray:
        """Returns a tensor as float32; the file may hold float16 or bfloat16."""
        return self._files[name].get_tensor(name).astype("float32")


@contextlib.contextmanager
def open_tensors(folder: Path) -> Iterator[Tensors]:
    """Opens the weights of a folder: `model.safetensors`, or the files that its index lists.

    Raises:
        ArgumentError: if a file is missing or damaged, or the library `safetensors` is not installed.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError:
        raise ArgumentError(f"Published weights need the library safetensors: {_INSTALL}") from None
    names = [WEIGHTS]
    if (folder / _INDEX).is_file() and not (folder / WEIGHTS).is_file():
        names = sorted(set(_read_index(folder / _INDEX).values()))
    with contextlib.ExitStack() as stack:
        found = {}
        for name in names:
            path = folder / name
            if not path.is_file():
                raise ArgumentError(f"`folder` must hold {name}. Received: folder={str(folder)!r}")
            try:
                file = stack.enter_context(safe_open(path, framework="np"))
            except (SafetensorError, OSError) as error:
                raise ArgumentError(
                    f"{path} must be a complete safetensors file; copy it again. Received: {error}"
                ) from None
            found |= dict.fromkeys(file.keys(), file)
        yield Tensors(found)


def _read_index(path: Path) -> dict[str, str]:
    names = read_json(path).get("weight_map")
    if not isinstance(names, dict) or any(Path(str(name)).name != name for name in names.values()):
        raise ArgumentError(f"{path} must have a `weight_map` with names of files. Received: {names!r:.80}")
    return names


def read_json(path: Path) -> dict[str, Any]:
    """Reads a file with one JSON object.

    Raises:
        ArgumentError: if there is no such file, or it holds something else.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ArgumentError(
            f"`folder` must hold {path.name}: {error.strerror}. Received: folder={str(path.parent)!r}"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{path} must be a JSON file. Received: {error}") from None
    if not isinstance(found, dict):
        raise ArgumentError(f"{path} must hold one JSON object. Received: {type(found).__name__}")
    return found

"""Texts to token ids and back, beside a served network that takes ids."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.errors import ArgumentError

FILE = "tokenizer.json"
_FOLDER = "assets.extra"


class Tokenizer:
    """Turns texts into the token ids that a network with published weights takes, and ids into texts.

    Args:
        path: a `tokenizer.json`, or an exported version that holds one.
        inputs: names of the network's inputs: "tokens", and "segments" if it takes them. For a version, both
            are read from its record.
        padding_id: id after the end of the shorter texts.

    Raises:
        ArgumentError: if there is no such file, it cannot be read, or the library `tokenizers` is missing.

    Example:
        >>> tokenizer = Tokenizer("saved_models/gpt2_small/1")
        >>> client.predict("gpt2_small", tokenizer.encode(["Hello"]))["logits"]
    """

    def __init__(
        self, path: str | os.PathLike, *, inputs: Sequence[str] = ("tokens",), padding_id: int = 0
    ) -> None:
        try:
            from tokenizers import Tokenizer as Library  # pyright: ignore[reportMissingImports]
        except ModuleNotFoundError:
            raise ArgumentError(
                "Texts need the library tokenizers: pip install 'keras-session5[weights]'"
            ) from None
        file = Path(path)
        if file.is_dir():
            record = _read_record(file)
            inputs, padding_id = record["inputs"], record["padding_id"]
            file = file / _FOLDER / FILE
        try:
            self._tokenizer: Any = Library.from_str(file.read_text("utf-8"))
        except Exception as error:  # the library raises its errors as `Exception`
            raise ArgumentError(
                f"{file} must be a file of the library tokenizers. Received: {error}"
            ) from None
        self._tokenizer.no_padding()  # a file may ask for a fixed length
        self._tokenizer.no_truncation()
        self.inputs = tuple(inputs)
        self.padding_id = padding_id

    def encode(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Returns the network's inputs, by name: (B, T) int32 each, T tokens of the longest text.

        Raises:
            ArgumentError: if a text gives no token.
        """
        found = self._tokenizer.encode_batch(list(texts))
        for text, one in zip(texts, found, strict=True):
            if not one.ids:
                raise ArgumentError(f"A text must have at least one token. Received: {text!r}")
        width = max((len(one.ids) for one in found), default=0)
        arrays = {
            "tokens": np.full((len(found), width), self.padding_id, "int32"),
            "segments": np.zeros((len(found), width), "int32"),
        }
        for row, one in enumerate(found):
            arrays["tokens"][row, : len(one.ids)] = one.ids
            arrays["segments"][row, : len(one.ids)] = one.type_ids
        return {name: arrays[name] for name in self.inputs}

    def decode(self, tokens: Any) -> list[str]:
        """Returns the text of each row of ids (B, T), without padding and special tokens."""
        return [self._tokenizer.decode([i for i in row if i >= 0]) for row in np.asarray(tokens).tolist()]

    def pieces(self, tokens: Any) -> list[str]:
        """Returns the text of each id (T,), special tokens included; the number of an id without a text."""
        ids = np.asarray(tokens).tolist()
        return [self._tokenizer.decode([i], skip_special_tokens=False) or str(i) for i in ids]


def find_tokenizer(version_dir: Path) -> Tokenizer | None:
    """Returns the tokenizer of an exported version; None if it has none."""
    return Tokenizer(version_dir) if (version_dir / _FOLDER / FILE).is_file() else None


def _read_record(version_dir: Path) -> dict[str, Any]:
    path = version_dir / _FOLDER / "model.json"
    try:
        record = json.loads(path.read_text("utf-8"))["tokenizer"]
        return {"inputs": [str(name) for name in record["inputs"]], "padding_id": int(record["padding_id"])}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ArgumentError(
            f"`path` must be a tokenizer.json or an exported version that has one. Received: {version_dir}: "
            f"{error}"
        ) from None

"""What is asked on the command line: an image, a text or JSON."""

import io
import json
import unicodedata
from pathlib import Path
from typing import Any

from keras_session5.checks import one_of
from keras_session5.errors import ArgumentError

_SHOWN = 200  # characters of a wrong question that are said again


def read_question(image: Path | None, text: str | None, json: str | None) -> tuple[str, Any]:
    """What one of the three options asks, before any server is asked about it.

    Returns:
        The option's name, `image`, `text` or `json`; and the inputs of a signature by name, or bare as JSON
        may have them.
    """
    if sum(given is not None for given in (image, text, json)) != 1:
        raise ArgumentError("Give exactly one of --image, --text and --json.")
    if image is not None:
        return "image", {"image_bytes": [_read_image(image)]}
    if json is not None:
        return "json", _read_json(json)
    if text == "":
        raise ArgumentError("`--text` must have at least one character. Received: an empty text")
    return "text", {"text": [unicodedata.normalize("NFC", str(text))]}


def named_inputs(client: Any, name: str, version: int | None, signature: str, inputs: Any) -> dict[str, Any]:
    """The inputs by name; bare ones are those of a signature that has a single one."""
    if isinstance(inputs, dict):
        return inputs
    signatures = client.metadata(name, version=version).signatures
    names = list(signatures[one_of("signature", signature, signatures)].inputs)
    if len(names) != 1:
        raise ArgumentError(
            f"`--json` must be an object with the inputs {', '.join(names)}. Received: {inputs!r}"
        )
    return {names[0]: inputs}


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        raise ArgumentError(f"`--json` must be JSON: {error}. Received: {shown!r}") from None


def _read_image(path: Path) -> bytes:
    from PIL import Image

    try:
        file = path.read_bytes()
    except OSError as error:
        raise ArgumentError(
            f"`--image` must be a file that can be read: {error.strerror}. Received: {path}"
        ) from None
    try:
        with Image.open(io.BytesIO(file), formats=("PNG", "JPEG")) as image:
            image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError):  # SyntaxError is a broken PNG's
        raise ArgumentError(f"`--image` must be a PNG or JPEG file that is whole. Received: {path}") from None
    return file

"""Reads a model's inputs from the command line: an image, a text or JSON."""

import io
import unicodedata
from json import loads as load_json
from pathlib import Path
from typing import Any

from keras_session5.checks import one_of
from keras_session5.errors import ArgumentError

_MAX_SHOWN = 200  # characters of invalid JSON in an error message


def read_inputs(image: Path | None, text: str | None, json: str | None) -> tuple[str, Any]:
    """Reads and checks the inputs of one of the three options, without a server.

    Returns:
        The option's name, `image`, `text` or `json`; and the inputs by name, or a bare value if the JSON
        has no names.

    Raises:
        ArgumentError: if not exactly one option is given, or its value is invalid.
    """
    if sum(given is not None for given in (image, text, json)) != 1:
        raise ArgumentError("Give exactly one of --image, --text and --json.")
    if image is not None:
        return "image", {"image_bytes": [_read_image(image)]}
    if json is not None:
        try:
            return "json", load_json(json)
        except (ValueError, RecursionError) as error:
            shown = json if len(json) <= _MAX_SHOWN else f"{json[:_MAX_SHOWN]}..."
            raise ArgumentError(f"`--json` must be JSON: {error}. Received: {shown!r}") from None
    if text == "":
        raise ArgumentError("`--text` must have at least one character. Received: an empty text")
    return "text", {"text": [unicodedata.normalize("NFC", str(text))]}


def name_inputs(client: Any, name: str, version: int | None, signature: str, inputs: Any) -> dict[str, Any]:
    """Returns the inputs by name; a bare value is the only input of its signature."""
    if isinstance(inputs, dict):
        return inputs
    signatures = client.metadata(name, version=version).signatures
    names = list(signatures[one_of("signature", signature, signatures)].inputs)
    if len(names) != 1:
        raise ArgumentError(
            f"`--json` must be an object with the inputs {', '.join(names)}. Received: {inputs!r}"
        )
    return {names[0]: inputs}


def _read_image(path: Path) -> bytes:
    from PIL import Image

    try:
        file = path.read_bytes()
    except OSError as error:
        raise ArgumentError(
            f"`--image` must be a readable file: {error.strerror}. Received: --image={path}"
        ) from None
    try:
        with Image.open(io.BytesIO(file), formats=("PNG", "JPEG")) as image:
            image.load()
    except (OSError, SyntaxError, Image.DecompressionBombError):  # a damaged PNG raises SyntaxError
        raise ArgumentError(
            f"`--image` must be a complete PNG or JPEG file. Received: --image={path}"
        ) from None
    return file

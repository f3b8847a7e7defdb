"""Files that a reader gives to the page."""

from pathlib import Path

from keras_session5.errors import ArgumentError

_MAX_TEXT_BYTES = 1 << 20


def read_text(path: str) -> str:
    """Returns the text of a CSV file.

    Raises:
        ArgumentError: if it is too large or not UTF-8.
    """
    check_size(path, _MAX_TEXT_BYTES)
    try:
        return Path(path).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ArgumentError("The file must be text in UTF-8, such as a CSV file.") from None


def check_size(path: str, most: int) -> None:
    """Raises `ArgumentError` if a file has more than so many bytes."""
    size = Path(path).stat().st_size
    if size > most:
        raise ArgumentError(
            f"The file must have at most {most >> 20} MiB. Received: {size / (1 << 20):.1f} MiB."
        )

"""Output of the verbs: results on standard output, progress and logs on standard error."""

import contextlib
import json
import logging
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_session5.errors import ArgumentError

_LONGEST_WORD = 20  # in a text; a longer word is a path, which may be folded


def configure_logging() -> None:
    """Shows this package's messages on standard error, and only the errors of the libraries below."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for chatty in ("absl", "tensorflow", "jax", "h5py", "uvicorn", "asyncio"):
        # TensorFlow warns of retracing, which is unavoidable with several networks in one process.
        logging.getLogger(chatty).setLevel(logging.ERROR)


@contextlib.contextmanager
def progress() -> Iterator[int]:
    """Redirects standard output to standard error; yields the value for Keras's `verbose`.

    A terminal shows a progress bar, a file one line per epoch.
    """
    with contextlib.redirect_stdout(sys.stderr):
        yield 1 if sys.stderr.isatty() else 2


def to_json(value: Any) -> str:
    """Returns strict JSON, in which null replaces NaN and infinity."""
    return json.dumps(_replace_non_finite(value), indent=2, ensure_ascii=False, allow_nan=False)


def print_json(value: Mapping[str, Any]) -> None:
    """Prints one JSON object on standard output."""
    print(to_json(value))


def print_table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], optional: str | None = None
) -> None:
    """Prints a table on standard output; numbers are right-aligned.

    In a narrow window, text wraps; names and numbers stay whole as long as they fit.

    Args:
        title: title above the table.
        header: a name for each column.
        rows: a value for each column.
        optional: a column to leave out if words would not fit otherwise.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width: nothing is folded there, so that grep works.
    console = Console() if sys.stdout.isatty() else Console(width=240)
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    texts = {name for name, values in columns.items() if any(" " in _format_cell(value) for value in values)}
    words = {
        name: max(len(word) for value in [name, *values] for word in _format_cell(value).split(" "))
        for name, values in columns.items()
    }
    words |= {name: min(words[name], _LONGEST_WORD) for name in texts}
    if optional and _measure_width(words) > console.width:
        del columns[optional], words[optional]
        texts.discard(optional)
    spare = console.width - _measure_width(words)
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name, values in columns.items():
        numeric = all(isinstance(value, (int, float)) or value is None for value in values)
        table.add_column(
            name,
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=spare >= 0 and name not in texts,
            max_width=words[name] + spare // len(texts) if spare >= 0 and name in texts else None,
        )
    for row in zip(*columns.values(), strict=True):
        table.add_row(*(Text(_format_cell(value)) for value in row))
    console.print(table)
    if optional and optional not in columns:
        print(f"In a wider window or with --json: {optional}")


def prepare_picture_path(path: Path, *endings: str) -> Path:
    """Returns the path of a picture, and makes its folder so that errors appear before the work begins.

    Raises:
        ArgumentError: if the path has another suffix or is a folder.
    """
    if path.suffix not in endings or path.is_dir():
        listed = " or ".join(filter(None, [", ".join(endings[:-1]), endings[-1]]))
        raise ArgumentError(
            f"`--picture` must end in {listed} and not be a folder. Received: --picture={path}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def format_metrics(metrics: Mapping[str, float]) -> str:
    """Returns a line such as `accuracy 0.9555, loss 0.1873`."""
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())


def _replace_non_finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _replace_non_finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replace_non_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _measure_width(words: Mapping[str, int]) -> int:
    """Returns a table's width, lines and margins included, if its columns fit their longest words."""
    return sum(words.values()) + 3 * len(words) + 1


def _format_cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e-3 else f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)

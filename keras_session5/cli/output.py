"""What the verbs print: results on standard output, progress and logs on standard error."""

import contextlib
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


@contextlib.contextmanager
def progress() -> Iterator[int]:
    """Sends what is printed meanwhile to standard error; gives Keras's `verbose` for its kind.

    A terminal gets a progress bar, a file one line an epoch.
    """
    with contextlib.redirect_stdout(sys.stderr):
        yield 1 if sys.stderr.isatty() else 2


def to_json(value: Any) -> str:
    """Returns strict JSON, in which a number that is none is null."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False)


def print_json(value: Mapping[str, Any]) -> None:
    """Prints one JSON object on standard output."""
    print(to_json(value))


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Prints a table on standard output; numbers are right-aligned."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for i, name in enumerate(header):
        numeric = all(isinstance(row[i], (int, float)) or row[i] is None for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    # A pipe has no width of its own: nothing is folded there, so that it can be searched.
    console = Console() if sys.stdout.isatty() else Console(width=240)
    console.print(table)


def metrics_line(metrics: Mapping[str, float]) -> str:
    """`accuracy 0.9555, loss 0.1873`."""
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1e-3 else f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)

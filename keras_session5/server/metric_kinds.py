"""The kinds of metrics, and their text format for Prometheus.

A metric named by a path is one of TensorFlow Serving's, and is written as upstream writes it: the page shows
`/tensorflow/serving/request_count` as `:tensorflow:serving:request_count`. A metric with a plain name is one
of ours. All methods are thread-safe.
"""

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

OTHER = "other"  # the label value of everything without a series of its own

# Per metric: far more than a server's models, versions and signatures, in a few megabytes at most.
_MAX_SERIES = 10_000
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Labels = tuple[str, ...]


def exponential(first: float, factor: float, count: int) -> list[float]:
    """Returns the bounds first, first * factor, first * factor^2 and so on, computed as upstream does."""
    bounds = [float(first)]
    while len(bounds) < count:
        bounds.append(bounds[-1] * factor)
    return bounds


class Metric:
    """Numbers under one name, one for each combination of label values.

    Args:
        name: a path of TensorFlow Serving's, such as `/tensorflow/serving/request_count`, or a name of ours.
        labels: names of the labels, in the order in which values are given and written.
        help: a sentence for the page; upstream's metrics have none.
        max_series: the number of combinations with a series of their own. Later ones share a series in which
            every label is `other`.
    """

    kind = "untyped"

    def __init__(self, name: str, labels: Sequence[str] = (), help: str = "", max_series: int = _MAX_SERIES):
        self.path = name
        self.upstream = name.startswith("/")
        self.name = re.sub(r"[^a-zA-Z0-9_]", ":", name)
        self._labels, self._help, self._max_series = tuple(labels), help, max_series
        self._series: dict[Labels, list] = {}
        self._lock = threading.Lock()

    def lines(self) -> list[str]:
        """Returns this metric's lines of the page."""
        with self._lock:
            series = [(values, *cell) for values, cell in sorted(self._series.items())]
        lines = [f"# HELP {self.name} {self._help}"] if self._help else []
        lines.append(f"# TYPE {self.name} {self.kind}")
        for values, *cell in series:
            self._write(values, cell, lines)
        return lines

    def _get_cell(self, values: Labels, size: int) -> list:
        """Returns the numbers of a combination of label values; the caller holds the lock."""
        cell = self._series.get(values)
        if cell is not None:
            return cell
        if len(values) != len(self._labels):
            raise ValueError(f"{self.name} must have the labels {self._labels}. Received: {values}")
        if len(self._series) >= self._max_series:
            values = (OTHER,) * len(values)
        return self._series.setdefault(values, [0] * size)

    def _write(self, values: Labels, cell: list, lines: list[str]) -> None:
        lines.append(f"{self.name}{self._format_labels(values)} {_format_number(cell[0])}")

    def _format_labels(self, values: Labels, *more: str) -> str:
        both = zip(self._labels, values, strict=True)
        inside = ",".join((*(f'{name}="{value.translate(_ESCAPES)}"' for name, value in both), *more))
        return f"{{{inside}}}" if inside or self.upstream else ""


class Counter(Metric):
    """A number that only grows."""

    kind = "counter"

    def add(self, *values: str, amount: int = 1) -> None:
        """Adds to the number of these label values."""
        with self._lock:
            self._get_cell(values, 1)[0] += amount

    def total(self) -> int:
        """Returns the sum over all label values."""
        with self._lock:
            return sum(cell[0] for cell in self._series.values())


class Gauge(Metric):
    """A number that rises and falls.

    Args:
        read: returns the numbers and their label values when the page is written; replaces `add`.
        name, labels, help, max_series: as for every metric.
    """

    kind = "gauge"

    def __init__(
        self,
        name: str,
        labels: Sequence[str] = (),
        help: str = "",
        max_series: int = _MAX_SERIES,
        read: Callable[[], Iterable[tuple[Labels, float]]] | None = None,
    ):
        super().__init__(name, labels, help, max_series)
        self._read = read

    def add(self, *values: str, amount: float = 1) -> None:
        """Adds to the number of these label values; a negative amount subtracts."""
        with self._lock:
            self._get_cell(values, 1)[0] += amount

    def lines(self) -> list[str]:
        """Returns this metric's lines of the page."""
        if self._read is not None:
            now = list(self._read())
            with self._lock:
                self._series.clear()
                for values, number in now:
                    self._get_cell(values, 1)[0] = number
        return super().lines()


class Histogram(Metric):
    """Counts of the observations up to each bound, and their sum.

    A bucket of upstream's histograms excludes its bound, as in TensorFlow Serving. A bucket of ours includes
    it, as Prometheus defines `le`.

    Args:
        bounds: the ascending bounds of the buckets; one more bucket lies above the last.
        name, labels, help, max_series: as for every metric.
    """

    kind = "histogram"

    def __init__(
        self,
        name: str,
        labels: Sequence[str],
        bounds: Iterable[float],
        help: str = "",
        max_series: int = _MAX_SERIES,
    ):
        super().__init__(name, labels, help, max_series)
        self.bounds = list(bounds)
        self._bucket = bisect_right if self.upstream else bisect_left
        self._size = len(self.bounds) + 2  # the buckets, the one above them, the sum
        self._limits = [f'le="{bound:g}"' for bound in self.bounds] + ['le="+Inf"']

    def observe(self, value: float, *values: str) -> None:
        """Adds one observation to the series of these label values."""
        bucket = self._bucket(self.bounds, value)
        with self._lock:
            cell = self._get_cell(values, self._size)
            cell[bucket] += 1
            cell[-1] += value

    def _write(self, values: Labels, cell: list, lines: list[str]) -> None:
        count = 0
        for limit, inside in zip(self._limits, cell, strict=False):
            count += inside
            lines.append(f"{self.name}_bucket{self._format_labels(values, limit)} {count}")
        lines.append(f"{self.name}_sum{self._format_labels(values)} {_format_number(cell[-1])}")
        lines.append(f"{self.name}_count{self._format_labels(values)} {count}")


def _format_number(value: float) -> str:
    return str(value).removesuffix(".0")

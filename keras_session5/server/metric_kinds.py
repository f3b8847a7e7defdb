"""The kinds of metrics, and how Prometheus reads them.

A metric is named either by a path, which makes it one of TensorFlow Serving's own and has it written as
upstream writes it (`/tensorflow/serving/request_count` is `:tensorflow:serving:request_count` on the page),
or by a plain name, which makes it one of ours. Every method may be called from any thread.
"""

import re
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence

OTHER = "other"  # what the labels say of all that has no series of its own

# Of one metric. Far more than a server has models, versions and signatures, and a few megabytes at most.
_MOST_SERIES = 10_000
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Labels = tuple[str, ...]


def exponential(first: float, factor: float, count: int) -> list[float]:
    """Returns the bounds first, first * factor, first * factor^2 and so on, computed as upstream does."""
    bounds = [float(first)]
    while len(bounds) < count:
        bounds.append(bounds[-1] * factor)
    return bounds


class Metric:
    """Numbers of one name, one for each set of label values.

    Args:
        name: a path of TensorFlow Serving's, such as `/tensorflow/serving/request_count`, or a name of ours.
        labels: names of the labels, in the order in which values are given and written.
        help: a sentence for the page; upstream's own have none there.
        most: how many sets of label values are kept apart. What comes after them is counted in one more set,
            whose values are all `other`.
    """

    kind = "untyped"

    def __init__(self, name: str, labels: Sequence[str] = (), help: str = "", most: int = _MOST_SERIES):
        self.path = name
        self.upstream = name.startswith("/")
        self.name = re.sub(r"[^a-zA-Z0-9_]", ":", name)
        self._labels, self._help, self._most = tuple(labels), help, most
        self._series: dict[Labels, list] = {}
        self._lock = threading.Lock()

    def lines(self) -> list[str]:
        """Returns this metric's part of the page."""
        with self._lock:
            series = [(values, *cell) for values, cell in sorted(self._series.items())]
        lines = [f"# HELP {self.name} {self._help}"] if self._help else []
        lines.append(f"# TYPE {self.name} {self.kind}")
        for values, *cell in series:
            self._write(values, cell, lines)
        return lines

    def _cell(self, values: Labels, size: int) -> list:
        """The numbers of a set of label values; the lock is held."""
        cell = self._series.get(values)
        if cell is not None:
            return cell
        if len(values) != len(self._labels):
            raise ValueError(f"{self.name} must have the labels {self._labels}. Received: {values}")
        if len(self._series) >= self._most:
            values = (OTHER,) * len(values)
        return self._series.setdefault(values, [0] * size)

    def _write(self, values: Labels, cell: list, lines: list[str]) -> None:
        lines.append(f"{self.name}{self._braces(values)} {_number(cell[0])}")

    def _braces(self, values: Labels, *more: str) -> str:
        both = zip(self._labels, values, strict=True)
        inside = ",".join((*(f'{name}="{value.translate(_ESCAPES)}"' for name, value in both), *more))
        return f"{{{inside}}}" if inside or self.upstream else ""


class Counter(Metric):
    """A number that only grows."""

    kind = "counter"

    def add(self, *values: str, amount: int = 1) -> None:
        """Adds to the number of these label values."""
        with self._lock:
            self._cell(values, 1)[0] += amount

    def total(self) -> int:
        """Returns the sum over all label values."""
        with self._lock:
            return sum(cell[0] for cell in self._series.values())


class Gauge(Metric):
    """A number that rises and falls.

    Args:
        read: what the numbers are when the page is written, by label values; instead of `add`.
        name, labels, help, most: as for every metric.
    """

    kind = "gauge"

    def __init__(
        self,
        name: str,
        labels: Sequence[str] = (),
        help: str = "",
        most: int = _MOST_SERIES,
        read: Callable[[], Iterable[tuple[Labels, float]]] | None = None,
    ):
        super().__init__(name, labels, help, most)
        self._read = read

    def add(self, *values: str, amount: float = 1) -> None:
        """Adds to the number of these label values, or takes from it."""
        with self._lock:
            self._cell(values, 1)[0] += amount

    def lines(self) -> list[str]:
        """Returns this metric's part of the page."""
        if self._read is not None:
            now = list(self._read())
            with self._lock:
                self._series.clear()
                for values, number in now:
                    self._cell(values, 1)[0] = number
        return super().lines()


class Histogram(Metric):
    """How many observations there were up to each bound, and their sum.

    Of upstream's histograms a bucket ends just below its bound, as upstream has it; of ours it includes it,
    as Prometheus understands `le`.

    Args:
        bounds: of the buckets, rising; above the last there is one more.
        name, labels, help, most: as for every metric.
    """

    kind = "histogram"

    def __init__(
        self,
        name: str,
        labels: Sequence[str],
        bounds: Iterable[float],
        help: str = "",
        most: int = _MOST_SERIES,
    ):
        super().__init__(name, labels, help, most)
        self.bounds = list(bounds)
        self._bucket = bisect_right if self.upstream else bisect_left
        self._size = len(self.bounds) + 2  # a count for each bucket, one for what is above, the sum
        self._limits = [f'le="{bound:g}"' for bound in self.bounds] + ['le="+Inf"']

    def observe(self, value: float, *values: str) -> None:
        """Counts one observation among those of these label values."""
        bucket = self._bucket(self.bounds, value)
        with self._lock:
            cell = self._cell(values, self._size)
            cell[bucket] += 1
            cell[-1] += value

    def _write(self, values: Labels, cell: list, lines: list[str]) -> None:
        count = 0
        for limit, inside in zip(self._limits, cell, strict=False):
            count += inside
            lines.append(f"{self.name}_bucket{self._braces(values, limit)} {count}")
        lines.append(f"{self.name}_sum{self._braces(values)} {_number(cell[-1])}")
        lines.append(f"{self.name}_count{self._braces(values)} {count}")


def _number(value: float) -> str:
    return str(value).removesuffix(".0")

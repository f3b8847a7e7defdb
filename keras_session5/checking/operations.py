"""The server that a model is checked for, and TensorFlow's operations and versions of graphs since 2.16."""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from keras_session5 import checks
from keras_session5.errors import ArgumentError

SERVERS = ("session5", "tensorflow-serving", "kserve")
_TARGET = re.compile(r"([a-z0-9-]+)(?::(\d+\.\d+)(?:\.\d+)?)?")


@dataclass(frozen=True)
class Target:
    """A server, with the TensorFlow that it contains.

    Attributes:
        server: one of `SERVERS`.
        tensorflow: its version, such as `"2.20"`.
        stated: whether the user has stated the version.
    """

    server: str
    tensorflow: str
    stated: bool = True

    @property
    def is_stock(self) -> bool:
        """Whether the server is Google's binary."""
        return self.server != "session5"

    @property
    def title(self) -> str:
        """Its name in messages."""
        names = {
            "session5": "session5's server",
            "tensorflow-serving": "TensorFlow Serving",
            "kserve": "KServe",
        }
        return f"{names[self.server]} with TensorFlow {self.tensorflow}"


def parse_target(text: str) -> Target:
    """Returns the target that a text such as `tensorflow-serving:2.20`, `kserve` or `session5` means.

    Without a version it is the newest known one; `session5` has the installed TensorFlow.

    Raises:
        ArgumentError: an unknown server or version.
    """
    found = _TARGET.fullmatch(text)
    if not found:
        raise ArgumentError(
            f"`--for` must be a server and perhaps its version, such as tensorflow-serving:2.20. "
            f"Received: --for={text}"
        )
    server, version = found.groups()
    checks.one_of("for", server, SERVERS)
    known = list(_read_data().graphs)
    if server == "session5":
        if version:
            raise ArgumentError(
                f"`--for` must name session5 without a version, the installed one. Received: --for={text}"
            )
        return Target(server, _find_installed() or known[-1])
    if version:
        checks.one_of("for", version, known)
    return Target(server, version or known[-1], stated=bool(version))


def graph_version(tensorflow: str) -> int | None:
    """Returns the version of graphs that a TensorFlow such as `"2.20"` produces; None if unknown."""
    return _read_data().graphs.get(tensorflow)


def find_unknown(operations: Iterable[str], tensorflow: str) -> Iterator[tuple[str, str]]:
    """Yields each operation that a TensorFlow lacks, with the reason: `is new in 2.21`."""
    data = _read_data()
    known = list(data.graphs)
    if tensorflow not in known:
        return
    for name in sorted(operations):
        added, removed = data.added.get(name), data.removed.get(name)
        if added and known.index(added) > known.index(tensorflow):
            yield name, f"is new in {added}"
        elif removed and known.index(removed) <= known.index(tensorflow):
            yield name, f"is gone since {removed}"


@dataclass(frozen=True)
class _Data:
    """`operations.txt`: versions of graphs, and when operations came and went, by version of TensorFlow."""

    graphs: dict[str, int]
    added: dict[str, str]
    removed: dict[str, str]


@functools.cache
def _read_data() -> _Data:
    data = _Data({}, {}, {})
    for line in Path(__file__).with_name("operations.txt").read_text("utf-8").splitlines():
        kind, version, value = line.split(" ")
        if kind == "graphs":
            data.graphs[version] = int(value)
        else:
            getattr(data, kind)[value] = version
    return data


def _find_installed() -> str | None:
    try:
        return ".".join(metadata.version("tensorflow").split(".")[:2])
    except metadata.PackageNotFoundError:
        return None

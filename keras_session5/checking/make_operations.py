"""Writes `operations.txt`: the changes of TensorFlow's operations since 2.16, and its versions of graphs.

    python -m keras_session5.checking.make_operations

pip downloads one wheel of each version, 200 to 300 MB, into a temporary folder. Nothing is installed or
imported: the generated Python files name every operation that a program can create, and a C++ header has the
version of graphs. The checks never import this module.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

_RELEASES = ("2.16.2", "2.17.1", "2.18.1", "2.19.1", "2.20.0", "2.21.0")
_HEADER = "tensorflow/include/tensorflow/core/public/version.h"
_GENERATED = re.compile(r"tensorflow/.*/gen_\w+\.py")
_CREATION = re.compile(r'_apply_op_helper\(\s*"([\w>]+)"')
_GRAPH_VERSION = re.compile(r"#define TF_GRAPH_DEF_VERSION (\d+)")


def read_wheel(path: Path) -> tuple[int, set[str]]:
    """Returns the version of graphs that a TensorFlow produces, and the names of its operations."""
    with zipfile.ZipFile(path) as wheel:
        found = _GRAPH_VERSION.search(wheel.read(_HEADER).decode())
        assert found, f"{path} states no version of graphs"
        sources = [wheel.read(name).decode() for name in wheel.namelist() if _GENERATED.fullmatch(name)]
    return int(found[1]), {name for source in sources for name in _CREATION.findall(source)}


def to_lines(found: Mapping[str, tuple[int, set[str]]]) -> list[str]:
    """Returns the file's lines: the version of graphs of each TensorFlow, then the operations that changed.

    Args:
        found: version of TensorFlow, such as `"2.16"`, oldest first -> its version of graphs and operations.
    """
    graphs = [f"graphs {version} {number}" for version, (number, _) in found.items()]
    changes, before = [], next(iter(found.values()))[1]
    for version, (_, names) in found.items():
        changes += [f"added {version} {name}" for name in sorted(names - before)]
        changes += [f"removed {version} {name}" for name in sorted(before - names)]
        before = names
    return graphs + changes


def main() -> None:
    """Downloads and reads one wheel after the other, and writes the file beside this module."""
    found = {}
    for release in _RELEASES:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q"]
            subprocess.run([*command, "-d", folder, f"tensorflow-cpu=={release}"], check=True)
            (wheel,) = Path(folder).glob("*.whl")
            found[release.rpartition(".")[0]] = number, names = read_wheel(wheel)
        print(f"{release}: graphs {number}, {len(names):,} operations", flush=True)
    lines = to_lines(found)
    Path(__file__).with_name("operations.txt").write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} lines")


if __name__ == "__main__":
    main()

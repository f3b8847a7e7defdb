"""Checks of a SavedModel, of a base path of versions, and of a folder of models. No model is loaded."""

import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from keras_session5.checking.finding import ERROR, NOTE, WARNING, Finding, broken, quote
from keras_session5.checking.operations import Target
from keras_session5.errors import ArgumentError
from keras_session5.server.discovery import find_versions

GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
KERAS_FILES = (".keras", ".h5", ".hdf5")
_RECORD = Path("assets.extra", "model.json")
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBERED = re.compile(r"(?:v|version)[._-]?([0-9]+)", re.IGNORECASE)  # `v1`, which people mean as a version
_TEMPORARY = re.compile(r"\.writing-|(?:^|[._-])(?:te?mp|part(?:ial)?|copying|incomplete)(?:[._-]|$)")
_SHARD = re.compile(r"variables\.data-([0-9]{5})-of-([0-9]{5})")


def find_models(path: Path) -> list[Path]:
    """Returns the version folder or the base paths at a path: itself, or the models in it.

    Raises:
        ArgumentError: there is no such folder.
    """
    if not path.is_dir():
        raise ArgumentError(f"`PATH` must be a folder or a file. Received: {path}")
    folders = _list_folders(path)
    is_model = is_version(path) or any(_INTEGER.fullmatch(child.name) for child in folders)
    if is_model or not any(_is_base(child) for child in folders):
        return [path]
    return [child for child in folders if _is_base(child) or is_version(child)]


def find_newest(path: Path) -> Path | None:
    """Returns the version folder at a path, or the newest version under a base path."""
    if is_version(path):
        return path
    versions = find_versions(str(path))
    return Path(versions[max(versions)]) if versions else None


def check_keras_file(path: Path) -> Iterator[Finding]:
    """Finds that a file of Keras is not a SavedModel."""
    folder = path.with_suffix("") / "1"
    python = f"import keras; keras.models.load_model({str(path)!r}).export({str(folder)!r})"
    yield Finding(
        ERROR,
        str(path),
        "is a file of Keras, not a SavedModel",
        "A model server loads folders that contain saved_model.pb. For a run of this project, "
        "`session5 export NAME` also adds the signatures for images and texts.",
        f"python -c {shlex.quote(python)}",
    )


def check_model(path: Path, target: Target) -> Iterator[Finding]:
    """Checks a version folder, or a base path with all its versions."""
    if is_version(path):
        yield from check_name(path)
        yield from check_version(path, target)
        return
    versions = find_versions(str(path))
    yield from _check_base(path, has_versions=bool(versions))
    for _, version in sorted(versions.items()):
        yield from check_version(Path(version), target)


def check_name(path: Path) -> Iterator[Finding]:
    """Finds a SavedModel in a folder whose name is not an integer."""
    if _INTEGER.fullmatch(path.resolve().name):
        return
    named = _NUMBERED.fullmatch(path.name)
    inside = path / "1"
    yield Finding(
        ERROR,
        str(path),
        "the name of the version folder is not an integer",
        "A model server takes only subfolders with integer names for versions, so it never finds this one.",
        f"mv {quote(path)} {quote(path.with_name(str(int(named[1]))))}"
        if named
        else f"mkdir {quote(inside)} && mv {quote(path)}/[!1]* {quote(inside)}",
    )


def _check_base(path: Path, has_versions: bool) -> Iterator[Finding]:
    """Checks the names in a base path."""
    found = False
    for child in _list_folders(path):
        if _TEMPORARY.search(child.name):
            yield Finding(
                WARNING,
                str(child),
                "is a leftover of an interrupted export or copy",
                "It takes space on the disk; no server loads it.",
                f"rm -r {quote(child)}",
            )
        elif not _INTEGER.fullmatch(child.name) and _has_graph(child):
            found = True
            yield from check_name(child)
    if has_versions or found:
        return
    if files := [file for file in sorted(path.iterdir()) if file.suffix in KERAS_FILES]:
        yield from check_keras_file(files[0])
        return
    yield Finding(
        ERROR,
        str(path),
        "has no version: no subfolder has an integer name",
        "A model server waits until one appears, and answers until then that the model does not exist.",
        f"session5 export NAME, or copy a SavedModel to {path / '1'}",
    )


def check_version(path: Path, target: Target) -> Iterator[Finding]:
    """Checks the files of a version, and its graph if it can be read."""
    found = list(_check_files(path))
    yield from found
    if any(one.severity == ERROR for one in found) or not _has_graph(path):
        return
    from keras_session5.checking.graph import check_graph

    yield from check_graph(path, target, _read_record(path))


def _check_files(path: Path) -> Iterator[Finding]:
    if not _has_graph(path):
        if (path / "model.tflite").is_file():
            yield Finding(
                NOTE,
                str(path),
                "is a TensorFlow Lite model",
                "A model server loads it only with a flag, and this command does not look into it.",
                "Start the server with --prefer_tflite_model",
            )
        elif files := [file for file in sorted(path.iterdir()) if file.suffix in KERAS_FILES]:
            yield from check_keras_file(files[0])
        else:
            yield broken(path, "there is no saved_model.pb")
        return
    yield from _check_shards(path)
    yield from _check_digests(path)
    for leftover in sorted(path.rglob("*")):
        if _TEMPORARY.search(leftover.name) or leftover.name == "variables_temp":
            yield Finding(
                WARNING,
                str(leftover),
                "is a leftover of an interrupted export or copy",
                "The version may be incomplete.",
                f"rm -r {quote(leftover)}, after a comparison with the original",
            )


def _check_shards(path: Path) -> Iterator[Finding]:
    folder = path / "variables"
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    shards = [found.groups() for name in names if (found := _SHARD.fullmatch(name))]
    if "variables.index" in names and not shards:
        yield broken(path, "variables/variables.index is there, but no file variables.data-*")
    if shards and "variables.index" not in names:
        yield broken(path, "the variables have no variables/variables.index")
    for count in sorted({count for _, count in shards}):
        present = {int(number) for number, of in shards if of == count}
        if missing := sorted(set(range(int(count))) - present):
            listed = ", ".join(f"variables.data-{number:05}-of-{count}" for number in missing)
            yield broken(path, f"variables/ lacks {listed}")


def _check_digests(path: Path) -> Iterator[Finding]:
    """Compares the files with the SHA-256 that the exporter has recorded."""
    files = _read_record(path).get("files")
    if not isinstance(files, Mapping):
        return
    for name, digest in sorted(files.items()):
        file = path / name
        if not file.is_file():
            yield broken(path, f"{name} is missing")
        elif _digest(file) != digest:
            yield broken(path, f"{name} differs from the exported file (SHA-256)")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def is_version(path: Path) -> bool:
    """Whether a folder is a version, perhaps a damaged one."""
    if _has_graph(path) or (path / "variables").is_dir() or (path / "model.tflite").is_file():
        return True
    holds_models = any(path.glob("*/saved_model.pb*")) or any(path.glob("*/*/saved_model.pb*"))
    return bool(_INTEGER.fullmatch(path.name)) and not holds_models


def _is_base(path: Path) -> bool:
    """Whether a folder holds versions, or attempts at some."""
    return any(
        _INTEGER.fullmatch(child.name) or child.name.startswith(".writing-") or _has_graph(child)
        for child in _list_folders(path)
    )


def _has_graph(path: Path) -> bool:
    return any((path / name).is_file() for name in GRAPHS)


def _list_folders(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir())


def _read_record(path: Path) -> Mapping[str, Any]:
    try:
        record = json.loads((path / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, Mapping) else {}

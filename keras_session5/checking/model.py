"""Checks of a SavedModel, of a base path of versions, and of a folder of models. No model is loaded."""

import hashlib
import json
import math
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_session5.checking.finding import ERROR, NOTE, WARNING, Finding
from keras_session5.checking.operations import Target, find_unknown, graph_version
from keras_session5.errors import ArgumentError, ServingError
from keras_session5.server.discovery import find_versions

if TYPE_CHECKING:
    from tensorflow.core.framework.node_def_pb2 import NodeDef
    from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef, SignatureDef

_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_KERAS = (".keras", ".h5", ".hdf5")
_RECORD = Path("assets.extra", "model.json")
_WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBERED = re.compile(r"(?:v|version)[._-]?([0-9]+)", re.IGNORECASE)  # `v1`, which people mean as a version
_TEMPORARY = re.compile(r"\.writing-|(?:^|[._-])(?:te?mp|part(?:ial)?|copying|incomplete)(?:[._-]|$)")
_SHARD = re.compile(r"variables\.data-([0-9]{5})-of-([0-9]{5})")
_POSITIONAL = re.compile(r"(?:args?|inputs?|outputs?|keras_tensor|unknown)_[0-9]+")
_IN_STOCK_BINARY = ("TFText>", "SimpleML")  # TensorFlow Text and Decision Forests, which Serving links


@dataclass(frozen=True)
class Version:
    """A version folder with its graph and the record of `session5 export`, which may be empty."""

    path: Path
    target: Target
    graph: "MetaGraphDef"
    record: Mapping[str, Any]

    @property
    def signatures(self) -> "dict[str, SignatureDef]":
        """The signatures that a client can call."""
        return {name: one for name, one in self.graph.signature_def.items() if not name.startswith("__")}

    @property
    def nodes(self) -> "list[NodeDef]":
        """The operations of the graph and of its functions."""
        definition = self.graph.graph_def
        return [*definition.node, *(node for one in definition.library.function for node in one.node_def)]


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
        f"mv {_quote(path)} {_quote(path.with_name(str(int(named[1]))))}"
        if named
        else f"mkdir {_quote(inside)} && mv {_quote(path)}/[!1]* {_quote(inside)}",
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
                f"rm -r {_quote(child)}",
            )
        elif not _INTEGER.fullmatch(child.name) and _has_graph(child):
            found = True
            yield from check_name(child)
    if has_versions or found:
        return
    if files := [file for file in sorted(path.iterdir()) if file.suffix in _KERAS]:
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
    broken = list(_check_files(path))
    yield from broken
    if any(one.severity == ERROR for one in broken) or not _has_graph(path):
        return
    from keras_session5.server.saved_model import find_variables, read_meta_graph

    try:
        graph = read_meta_graph(str(path), frozenset({"serve"}))
        find_variables(str(path), graph)
    except ServingError as error:
        yield _broken(path, error.sentence.partition(". To inspect")[0])
        return
    version = Version(path, target, graph, _read_record(path))
    for check in _CHECKS:
        yield from check(version)


# Files


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
        elif files := [file for file in sorted(path.iterdir()) if file.suffix in _KERAS]:
            yield from check_keras_file(files[0])
        else:
            yield _broken(path, "there is no saved_model.pb")
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
                f"rm -r {_quote(leftover)}, after a comparison with the original",
            )


def _check_shards(path: Path) -> Iterator[Finding]:
    folder = path / "variables"
    names = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    shards = [found.groups() for name in names if (found := _SHARD.fullmatch(name))]
    if "variables.index" in names and not shards:
        yield _broken(path, "variables/variables.index is there, but no file variables.data-*")
    if shards and "variables.index" not in names:
        yield _broken(path, "the variables have no variables/variables.index")
    for count in sorted({count for _, count in shards}):
        present = {int(number) for number, of in shards if of == count}
        if missing := sorted(set(range(int(count))) - present):
            listed = ", ".join(f"variables.data-{number:05}-of-{count}" for number in missing)
            yield _broken(path, f"variables/ lacks {listed}")


def _check_digests(path: Path) -> Iterator[Finding]:
    """Compares the files with the SHA-256 that the exporter has recorded."""
    files = _read_record(path).get("files")
    if not isinstance(files, Mapping):
        return
    for name, digest in sorted(files.items()):
        file = path / name
        if not file.is_file():
            yield _broken(path, f"{name} is missing")
        elif _digest(file) != digest:
            yield _broken(path, f"{name} differs from the exported file (SHA-256)")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _broken(path: Path, what: str) -> Finding:
    return Finding(
        ERROR,
        str(path),
        what,
        "The version is damaged or only half copied: a server cannot load it, or answers with other numbers.",
        f"rm -r {_quote(path)}, then export it again, or copy it again under a temporary name and rename it",
    )


# The graph


def _check_names(version: Version) -> Iterator[Finding]:
    """Finds inputs and outputs that have a number for a name."""
    found = {
        name
        for signature in version.signatures.values()
        for name in (*signature.inputs, *signature.outputs)
        if _POSITIONAL.fullmatch(name)
    }
    if found:
        yield Finding(
            WARNING,
            str(version.path),
            f"inputs or outputs have numbers for names: {', '.join(sorted(found))}",
            "Clients depend on these names. Another export may number them differently, and nobody notices "
            "if two outputs change places.",
            'Return a dict, {"probabilities": ...}, and name the inputs: tf.TensorSpec(..., name="image")',
        )


def _check_weights(version: Version) -> Iterator[Finding]:
    """Finds an index of the variables that cannot be read, or data that are shorter than it says."""
    folder = version.path / "variables"
    if not (folder / "variables.index").is_file():
        return
    import tensorflow as tf

    try:
        reader = tf.train.load_checkpoint(str(folder / "variables"))
    except (tf.errors.OpError, ValueError, RuntimeError):
        yield _broken(version.path, "variables/variables.index cannot be read")
        return
    dtypes = reader.get_variable_to_dtype_map()
    expected = sum(
        math.prod(shape) * dtypes[name].size
        for name, shape in reader.get_variable_to_shape_map().items()
        if dtypes[name] != tf.string
    )
    found = sum(file.stat().st_size for file in folder.glob("variables.data-*"))
    if found < expected:
        yield _broken(
            version.path, f"the variables' data end early: {found:,} bytes of at least {expected:,}"
        )


def _check_preprocessing(version: Version) -> Iterator[Finding]:
    """Finds a network for images that no signature feeds from an encoded file."""
    inputs = [info for signature in version.signatures.values() for info in signature.inputs.values()]
    if any(info.dtype == _dtype("DT_STRING") for info in inputs):
        return
    for name, signature in sorted(version.signatures.items()):
        for alias, info in signature.inputs.items():
            sizes = [dim.size for dim in info.tensor_shape.dim]
            if info.dtype == _dtype("DT_FLOAT") and len(sizes) == 4 and sizes[-1] in (1, 3, 4):
                yield Finding(
                    NOTE,
                    str(version.path),
                    f"the input {alias} of {name} takes an image as numbers, and no signature takes a file",
                    "Every client must decode, resize and scale images exactly as in training, or gets wrong "
                    "predictions.",
                    "Export a signature that takes a tf.string and calls tf.io.decode_image, as "
                    "`from_image_bytes` of `session5 export` does",
                )
                return


def _check_xla(version: Version) -> Iterator[Finding]:
    """Finds functions that only XLA can run, and programs compiled for certain platforms."""
    functions = version.graph.graph_def.library.function
    must = sum(one.attr["_XlaMustCompile"].b for one in functions if "_XlaMustCompile" in one.attr)
    nodes = [n for n in version.nodes if "_XlaMustCompile" in n.attr and n.attr["_XlaMustCompile"].b]
    modules = [node for node in version.nodes if node.op == "XlaCallModule"]
    platforms = {name.decode() for node in modules for name in node.attr["platforms"].list.s}
    if platforms and "CPU" not in platforms:
        yield Finding(
            ERROR,
            str(version.path),
            f"operations XlaCallModule are programs for {', '.join(sorted(platforms))} only",
            "They fail on a server with CPUs.",
            "Export for both, as with jax.export.export(..., platforms=['cpu', 'cuda'])",
        )
    if not (must or nodes or modules):
        return
    reasons = [f"jit_compile=True in {must or len(nodes)} of its functions"] if must or nodes else []
    if modules:
        listed = f" for {', '.join(sorted(platforms))}" if platforms else ""
        reasons.append(f"XlaCallModule{listed} in {len(modules)} of its operations")
    stock = version.target.is_stock
    yield Finding(
        ERROR if stock else WARNING,
        str(version.path),
        f"needs XLA: {' and '.join(reasons)}",
        "TensorFlow Serving does not compile with XLA on a CPU by default: the first request fails, and with "
        f"warm-up requests the load.{'' if stock else ' session5 compiles it for each shape.'}",
        "Export without jit_compile: model.compile(jit_compile=False), tf.function(jit_compile=False); "
        "or start TensorFlow Serving with --xla_cpu_compilation_enabled",
    )


def _check_operations(version: Version) -> Iterator[Finding]:
    """Finds operations that the target does not have."""
    from tensorflow.python.framework import op_def_registry

    functions = {one.signature.name for one in version.graph.graph_def.library.function}
    used = {node.op for node in version.nodes} - functions
    unknown = dict(find_unknown(used, version.target.tensorflow))
    for name, reason in unknown.items():
        yield Finding(
            ERROR,
            str(version.path),
            f"the operation {name} {reason}",
            f"{version.target.title} does not know it and cannot load the model.",
            _suggest_tensorflow(version.target),
        )
    custom = sorted(name for name in used - unknown.keys() if op_def_registry.get(name) is None)
    linked = [name for name in custom if version.target.is_stock and name.startswith(_IN_STOCK_BINARY)]
    if others := [name for name in custom if name not in linked]:
        yield Finding(
            ERROR,
            str(version.path),
            f"operations that TensorFlow does not have: {', '.join(others)}",
            "A server can load the model only if their library is linked into it.",
            "Express them with TensorFlow's operations, or build TensorFlow Serving with their library: "
            "https://www.tensorflow.org/tfx/serving/custom_op",
        )
    if linked:
        yield Finding(
            NOTE,
            str(version.path),
            f"operations of TensorFlow Text or Decision Forests: {', '.join(linked)}",
            "TensorFlow Serving has them, but this Python has not: this command cannot call the model.",
            f"docker run -v {_quote(version.path.resolve().parent)}:/models/model tensorflow/serving",
        )


def _suggest_tensorflow(target: Target) -> str:
    wanted = f"'tensorflow=={target.tensorflow}.*'"
    return f"Use a server with the TensorFlow that wrote it, or export with: pip install {wanted}"


def _check_graph_version(version: Version) -> Iterator[Finding]:
    """Finds a graph that is newer than the target's TensorFlow."""
    versions, target = version.graph.graph_def.versions, version.target
    known = graph_version(target.tensorflow)
    if known is None or max(versions.producer, versions.min_consumer) <= known:
        return
    wrote = version.graph.meta_info_def.tensorflow_version or "a newer TensorFlow"
    refused = versions.min_consumer > known
    yield Finding(
        ERROR if refused else NOTE,
        str(version.path),
        f"the graph is newer than the server: version {versions.producer} by TensorFlow {wrote}",
        f"{target.title} reads graphs up to version {known} and refuses this one."
        if refused
        else f"{target.title} writes version {known}. It knows all operations of this graph, but TensorFlow "
        "promises only the opposite order, an older model in a newer server.",
        _suggest_tensorflow(target),
    )


def _check_runtime(version: Version) -> Iterator[Finding]:
    """Finds that nobody has said which TensorFlow Serving KServe will run."""
    if version.target.server == "kserve" and not version.target.stated:
        yield Finding(
            NOTE,
            str(version.path),
            "the version of TensorFlow Serving on the cluster is not known",
            "KServe's own runtime is tensorflow/serving:2.6.2, unless the InferenceService asks for another.",
            "Set spec.predictor.model.runtimeVersion: 2.20.0 and check with --for kserve:2.20",
        )


def _check_rows(version: Version) -> Iterator[Finding]:
    """Finds signatures that must not run in batches of several requests."""
    independent = version.record.get("rows_independent")
    if not isinstance(independent, Mapping) or not version.target.is_stock:
        return  # session5's server does not merge the requests of these signatures
    dependent = sorted(name for name, value in independent.items() if value is False)
    if dependent and dependent != sorted(independent):
        listed = ", ".join(dependent)
        what = f"the rows of {listed} may depend on each other"
    elif dependent:
        what = "the rows of a batch may depend on each other"
    else:
        return
    yield Finding(
        WARNING,
        str(version.path),
        what,
        "This matters only if batching is enabled: TensorFlow Serving then merges requests, and one "
        "client's rows change another's answer.",
        "Serve this model without --enable_batching, or make each row's outputs depend on that row alone",
    )


def _check_warm_up(version: Version) -> Iterator[Finding]:
    """Finds that warm-up requests are missing, unreadable or wrong."""
    file = version.path / _WARMUP
    if not file.is_file():
        yield Finding(
            NOTE,
            str(version.path),
            "there are no warm-up requests",
            "The first client of each signature waits for TensorFlow to prepare the graph.",
            f"Write one PredictionLog for each signature to {_WARMUP}; `session5 export` does",
        )
        return
    from keras_session5.server.warmup import records

    try:
        for record in records(str(file)):
            for problem in _find_problems(record, version.signatures):
                yield _refused(file, problem)
    except ServingError as error:
        yield _refused(file, error.sentence)


def _find_problems(record: Any, signatures: "Mapping[str, SignatureDef]") -> Iterator[str]:
    """Yields why a signature refuses a recorded request."""
    kind = record.WhichOneof("log_type")
    if kind not in ("predict_log", "classify_log", "regress_log"):
        return
    request = getattr(record, kind).request
    name = request.model_spec.signature_name or "serving_default"
    if name not in signatures:
        yield f"the signature {name} does not exist, only {', '.join(sorted(signatures))}"
    elif kind == "predict_log":
        inputs = signatures[name].inputs
        optional = signatures[name].defaults.keys()
        if unknown := sorted(request.inputs.keys() - inputs.keys()):
            yield f"{name} has no input {', '.join(unknown)}, only {', '.join(sorted(inputs))}"
        if missing := sorted(inputs.keys() - request.inputs.keys() - optional):
            yield f"the input {', '.join(missing)} of {name} is missing"
        for alias in sorted(inputs.keys() & request.inputs.keys()):
            yield from _compare_tensor(f"{name}'s input {alias}", inputs[alias], request.inputs[alias])


def _compare_tensor(title: str, info: Any, tensor: Any) -> Iterator[str]:
    from tensorflow.core.framework import types_pb2

    if tensor.dtype != info.dtype:
        declared, sent = types_pb2.DataType.Name(info.dtype), types_pb2.DataType.Name(tensor.dtype)
        yield f"{title} is {declared}, and the request has {sent}"
    declared, sent = ([dim.size for dim in one.tensor_shape.dim] for one in (info, tensor))
    fits = len(declared) == len(sent) and all(d in (-1, s) for d, s in zip(declared, sent, strict=True))
    if not info.tensor_shape.unknown_rank and not fits:
        yield f"{title} has the shape {declared}, and the request {sent}"


def _refused(file: Path, problem: str) -> Finding:
    return Finding(
        ERROR,
        str(file),
        f"a warm-up request does not fit: {problem}",
        "A server replays these requests while it loads the version; one that fails makes the load fail.",
        f"Export again, or remove them: rm {_quote(file)}",
    )


_CHECKS = (
    _check_weights,
    _check_names,
    _check_preprocessing,
    _check_xla,
    _check_operations,
    _check_graph_version,
    _check_runtime,
    _check_rows,
    _check_warm_up,
)


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
    return any((path / name).is_file() for name in _GRAPHS)


def _list_folders(path: Path) -> list[Path]:
    return sorted(child for child in path.iterdir() if child.is_dir())


def _read_record(path: Path) -> Mapping[str, Any]:
    try:
        record = json.loads((path / _RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, Mapping) else {}


def _dtype(name: str) -> int:
    from tensorflow.core.framework import types_pb2

    return types_pb2.DataType.Value(name)


def _quote(path: Path) -> str:
    return shlex.quote(str(path))

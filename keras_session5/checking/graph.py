"""Checks of the graph of a SavedModel: its signatures, operations and warm-up requests. It is not loaded."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef, SignatureDef

from keras_session5.checking.finding import ERROR, NOTE, WARNING, Finding, broken, quote
from keras_session5.checking.operations import Target, find_unknown, graph_version
from keras_session5.errors import ServingError
from keras_session5.server.saved_model import find_variables, read_meta_graph
from keras_session5.server.warmup import records

_WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
_POSITIONAL = re.compile(r"(?:args?|inputs?|outputs?|keras_tensor|unknown)_[0-9]+")
_IN_STOCK_BINARY = ("TFText>", "SimpleML")  # TensorFlow Text and Decision Forests, which Serving links


@dataclass(frozen=True)
class Version:
    """A version folder with its graph and the record of `session5 export`, which may be empty."""

    path: Path
    target: Target
    graph: MetaGraphDef
    record: Mapping[str, Any]

    @property
    def signatures(self) -> dict[str, SignatureDef]:
        """The signatures that a client can call."""
        return {name: one for name, one in self.graph.signature_def.items() if not name.startswith("__")}

    @property
    def nodes(self) -> list[NodeDef]:
        """The operations of the graph and of its functions."""
        definition = self.graph.graph_def
        return [*definition.node, *(node for one in definition.library.function for node in one.node_def)]


def check_graph(path: Path, target: Target, record: Mapping[str, Any]) -> Iterator[Finding]:
    """Checks the graph of a version folder, with its record, which may be empty."""
    try:
        graph = read_meta_graph(str(path), frozenset({"serve"}))
        find_variables(str(path), graph)
    except ServingError as error:
        yield broken(path, error.sentence.partition(". To inspect")[0])
        return
    version = Version(path, target, graph, record)
    for check in _CHECKS:
        yield from check(version)


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
        yield broken(version.path, "variables/variables.index cannot be read")
        return
    dtypes = reader.get_variable_to_dtype_map()
    expected = sum(
        math.prod(shape) * dtypes[name].size
        for name, shape in reader.get_variable_to_shape_map().items()
        if dtypes[name] != tf.string
    )
    found = sum(file.stat().st_size for file in folder.glob("variables.data-*"))
    if found < expected:
        yield broken(version.path, f"the variables' data end early: {found:,} bytes of at least {expected:,}")


def _check_preprocessing(version: Version) -> Iterator[Finding]:
    """Finds a network for images that no signature feeds from an encoded file."""
    inputs = [info for signature in version.signatures.values() for info in signature.inputs.values()]
    if any(info.dtype == types_pb2.DT_STRING for info in inputs):
        return
    for name, signature in sorted(version.signatures.items()):
        for alias, info in signature.inputs.items():
            sizes = [dim.size for dim in info.tensor_shape.dim]
            if info.dtype == types_pb2.DT_FLOAT and len(sizes) == 4 and sizes[-1] in (1, 3, 4):
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
            f"docker run -v {quote(version.path.resolve().parent)}:/models/model tensorflow/serving",
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
    try:
        for record in records(str(file)):
            for problem in _find_problems(record, version.signatures):
                yield _refused(file, problem)
    except ServingError as error:
        yield _refused(file, error.sentence)


def _find_problems(record: Any, signatures: Mapping[str, SignatureDef]) -> Iterator[str]:
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
        f"Export again, or remove them: rm {quote(file)}",
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

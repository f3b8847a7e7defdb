"""A SavedModel in memory: its signatures, and how to run one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from keras_session5.errors import (
    DataLossError,
    InternalError,
    InvalidArgumentError,
    NotFoundError,
    ServingError,
)
from keras_session5.server.codecs.tensors import dtype_name

SignatureDef = meta_graph_pb2.SignatureDef


class Servable(Protocol):
    """What the server needs of a loaded model, whatever runs it."""

    @property
    def signatures(self) -> Mapping[str, SignatureDef]:
        """The model's signatures by name."""
        ...

    def run(self, signature_name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature on tensors by alias; all of its inputs are there."""
        ...


class SavedModel:
    """A SavedModel whose signatures are TensorFlow functions.

    Args:
        path: the version's folder.
        tags: the tags of the graph to load.

    Raises:
        ServingError: it cannot be loaded; in upstream's words where upstream has them.
    """

    def __init__(self, path: str, tags: frozenset[str] = frozenset({"serve"})):
        self.signatures: Mapping[str, SignatureDef] = _read_graph(path, tags).signature_def
        try:
            # Its signatures hold only weak references to what they need of it.
            self._loaded = tf.saved_model.load(path, tags=sorted(tags))
        except tf.errors.OpError as error:
            raise _from_tensorflow(error) from error
        except Exception as error:  # TensorFlow raises nearly every kind for a damaged folder
            raise InternalError(f"{type(error).__name__}: {error}") from error
        self._functions = dict(self._loaded.signatures)

    def run(self, signature_name: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature.

        Shapes are left to the graph, not compared with the signature: clients rely on sending, say, a vector
        where the signature says `[-1, 1]`.
        """
        signature = self.signatures[signature_name]
        if signature_name not in self._functions:
            raise InvalidArgumentError(f'Serving signature "{signature_name}" cannot be called.')
        _check_dtypes(signature, inputs)
        try:
            # By keyword: positional arguments would be checked against the signature's shapes, and slower.
            outputs = self._functions[signature_name](
                **{alias: tf.convert_to_tensor(array) for alias, array in inputs.items()}
            )
        except tf.errors.OpError as error:
            raise _from_tensorflow(error) from error
        return {alias: _to_numpy(tensor) for alias, tensor in outputs.items()}


def _check_dtypes(signature: SignatureDef, inputs: Mapping[str, np.ndarray]) -> None:
    for index, alias in enumerate(sorted(inputs)):
        expected = signature.inputs[alias].dtype
        provided = tf.as_dtype(inputs[alias].dtype).as_datatype_enum
        if provided != expected:
            raise InvalidArgumentError(
                f"Expects arg[{index}] to be {dtype_name(expected)} but {dtype_name(provided)} is provided"
            )


def _to_numpy(tensor: tf.Tensor) -> np.ndarray:
    value = tensor.numpy()  # of a string scalar it is the bytes themselves
    return value if isinstance(value, np.ndarray) else np.array(value, tensor.dtype.as_numpy_dtype)


def _from_tensorflow(error: tf.errors.OpError) -> ServingError:
    """Returns what upstream would say: the kernel's sentence without Python's additions around it."""
    lines = error.message.split("\n")
    while len(lines) > 1 and _is_python_preamble(lines[0]):
        lines.pop(0)
    text = "\n".join(lines).partition(" [Op:__inference_")[0]
    return ServingError.of(error.error_code, text)


def _is_python_preamble(line: str) -> bool:
    return not line.strip() or line.startswith(
        ("Graph execution error:", "Detected at node ", "<stack traces unavailable>", "  File ", "    ")
    )


def _read_graph(path: str, tags: frozenset[str]) -> meta_graph_pb2.MetaGraphDef:
    saved = _read_saved_model(Path(path))
    for graph in saved.meta_graphs:
        if set(graph.meta_info_def.tags) == tags:
            return graph
    raise NotFoundError(
        f"Could not find meta graph def matching supplied tags: {{ {' '.join(sorted(tags))} }}. To inspect"
        " available tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`"
    )


def _read_saved_model(path: Path) -> saved_model_pb2.SavedModel:
    binary, text = path / "saved_model.pb", path / "saved_model.pbtxt"
    saved = saved_model_pb2.SavedModel()
    try:
        if binary.is_file():
            saved.ParseFromString(binary.read_bytes())
        elif text.is_file():
            text_format.Parse(text.read_text("utf-8"), saved)
        else:
            raise NotFoundError(
                f"Could not find SavedModel .pb or .pbtxt at supplied export directory path: {path}. Check"
                " that the directory exists and that you have the right permissions for accessing it."
            )
    except DecodeError as error:
        raise DataLossError(f"Can't parse {binary} as binary proto") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise DataLossError(f"Can't parse {text} as text proto") from error
    return saved

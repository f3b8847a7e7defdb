"""A TensorFlow Lite model (`model.tflite`), for `--prefer_tflite_model`."""

import os
import threading
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_session5.errors import DataLossError, InvalidArgumentError
from keras_session5.server.codecs.tensors import check_dtypes
from keras_session5.server.predict import DEFAULT_SIGNATURE, PREDICT_METHOD
from keras_session5.server.runtime import SignatureDef, Tensors

_FILE = "model.tflite"


def has_lite_model(path: str) -> bool:
    """Whether a version's folder holds a TensorFlow Lite model."""
    return os.path.isfile(os.path.join(path, _FILE))


class LiteModel:
    """A TensorFlow Lite model in its interpreter, which runs one request at a time.

    A model without signatures gets one, `serving_default`, whose aliases are the names of its tensors.

    Args:
        path: the version's folder.

    Raises:
        DataLossError: the file is not a TensorFlow Lite model.
    """

    def __init__(self, path: str):
        file = os.path.join(path, _FILE)
        with warnings.catch_warnings():
            # The interpreter will move to a separate package; TensorFlow still includes it.
            warnings.filterwarnings("ignore", message=r"\s*Warning: tf\.lite\.Interpreter is deprecated")
            try:
                self._interpreter = tf.lite.Interpreter(model_path=file)
                self._interpreter.allocate_tensors()
            except (ValueError, RuntimeError) as error:
                raise DataLossError(f"Can't load {file} as a TensorFlow Lite model: {error}") from error
        self._lock = threading.Lock()
        self._runners = {
            name: self._interpreter.get_signature_runner(name)
            for name in self._interpreter.get_signature_list()
        }
        self.signatures: dict[str, SignatureDef] = {
            name: _make_signature(name, runner.get_input_details(), runner.get_output_details())
            for name, runner in self._runners.items()
        } or {DEFAULT_SIGNATURE: self._make_only_signature()}

    def is_steady(self, fetches: Collection[str]) -> bool:
        """Returns False, because the interpreter does not reveal it."""
        return False

    def run(
        self, feeds: Tensors, fetches: Collection[str], timeout_s: float | None = None
    ) -> dict[str, np.ndarray]:
        """Runs the signature of these tensors, to the end: an interpreter cannot be interrupted."""
        name = next(iter((*feeds, *fetches)), DEFAULT_SIGNATURE).partition("/")[0]
        signature = self.signatures[name]
        check_dtypes(feeds.values(), (signature.inputs[_get_alias(tensor)].dtype for tensor in feeds))
        inputs = {_get_alias(tensor): array for tensor, array in feeds.items()}
        try:
            with self._lock:
                outputs = self._runners[name](**inputs) if self._runners else self._run_default(inputs)
        except (ValueError, RuntimeError) as error:
            raise InvalidArgumentError(str(error)) from error
        return {fetch: outputs[_get_alias(fetch)] for fetch in set(fetches)}

    def _make_only_signature(self) -> SignatureDef:
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        return _make_signature(DEFAULT_SIGNATURE, _index_by_name(inputs), _index_by_name(outputs))

    def _run_default(self, inputs: Tensors) -> dict[str, np.ndarray]:
        details = _index_by_name(self._interpreter.get_input_details())
        for alias, array in inputs.items():
            self._interpreter.resize_tensor_input(details[alias]["index"], array.shape)
        self._interpreter.allocate_tensors()
        for alias, array in inputs.items():
            self._interpreter.set_tensor(details[alias]["index"], array)
        self._interpreter.invoke()
        outputs = _index_by_name(self._interpreter.get_output_details())
        return {alias: self._interpreter.get_tensor(found["index"]) for alias, found in outputs.items()}


def _index_by_name(details: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {tensor["name"]: tensor for tensor in details}


def _make_signature(
    name: str, inputs: Mapping[str, Mapping[str, Any]], outputs: Mapping[str, Mapping[str, Any]]
) -> SignatureDef:
    signature = SignatureDef(method_name=PREDICT_METHOD)
    for infos, details in ((signature.inputs, inputs), (signature.outputs, outputs)):
        for alias, tensor in details.items():
            # The signatures of one model may share a tensor, so its name includes the signature.
            infos[alias].name = f"{name}/{alias}"
            infos[alias].dtype = tf.as_dtype(tensor["dtype"]).as_datatype_enum
            for size in tensor["shape_signature"].tolist():
                infos[alias].tensor_shape.dim.add(size=size)
    return signature


def _get_alias(tensor: str) -> str:
    return tensor.partition("/")[2]

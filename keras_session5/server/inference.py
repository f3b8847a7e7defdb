"""Classify, regress and multi-inference: signatures that take serialized examples.

Applies upstream's checks in upstream's order: to a request before the run, to the outputs after it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import classification_pb2, inference_pb2, input_pb2, regression_pb2

from keras_session5.errors import InvalidArgumentError, UnimplementedError
from keras_session5.server.codecs.json_examples import write_classifications, write_regressions
from keras_session5.server.codecs.json_text import format_shape
from keras_session5.server.predict import CLASSIFY_METHOD, DEFAULT_SIGNATURE, REGRESS_METHOD, Run
from keras_session5.server.runtime import SignatureDef, Tensors

Signatures = Mapping[str, SignatureDef]

_INPUTS, _CLASSES, _SCORES, _OUTPUTS = "inputs", "classes", "scores", "outputs"


@dataclass(frozen=True)
class Classification:
    """The classes of N examples: labels (bytes) and scores (float32), both of shape (N, C)."""

    labels: np.ndarray
    scores: np.ndarray

    @property
    def size(self) -> int:
        """The number of scores."""
        return self.scores.size

    def to_json(self) -> bytes:
        """Returns the reply's JSON."""
        return write_classifications(self.labels, self.scores)

    def fill(self, result: classification_pb2.ClassificationResult) -> None:
        """Fills an empty message."""
        for labels, scores in zip(self.labels.tolist(), self.scores.tolist(), strict=True):
            classes = result.classifications.add().classes
            for label, score in zip(labels, scores, strict=True):
                # The field holds UTF-8 only, so other bytes are replaced.
                classes.add(label=label.decode("utf-8", "replace"), score=score)


@dataclass(frozen=True)
class Regression:
    """One value for each of N examples: float32 of shape (N,)."""

    values: np.ndarray

    @property
    def size(self) -> int:
        """The number of values."""
        return self.values.size

    def to_json(self) -> bytes:
        """Returns the reply's JSON."""
        return write_regressions(self.values)

    def fill(self, result: regression_pb2.RegressionResult) -> None:
        """Fills an empty message."""
        for value in self.values.tolist():
            result.regressions.add(value=value)


@dataclass(frozen=True)
class ExampleRun(Run):
    """A run of a signature on examples, by `CLASSIFY_METHOD` or `REGRESS_METHOD`."""

    method: str

    def result(self, fetched: Tensors) -> Classification | Regression:
        """Returns the classes or the values that the signature computed.

        Raises:
            InvalidArgumentError: the model's outputs do not have the form that the method requires.
        """
        size = len(next(iter(self.feeds.values())))
        convert = _to_classification if self.method == CLASSIFY_METHOD else _to_regression
        return convert(super().result(fetched), size)


@dataclass(frozen=True)
class MultiRun:
    """One run of several signatures, given by their names, on the same examples."""

    runs: Mapping[str, ExampleRun]

    @property
    def examples(self) -> int:
        """The number of examples."""
        return next((len(value) for value in self.feeds.values()), 0)

    @property
    def feeds(self) -> Tensors:
        """The values to feed, for all signatures."""
        return {name: value for run in self.runs.values() for name, value in run.feeds.items()}

    @property
    def fetches(self) -> Collection[str]:
        """The names of the tensors to fetch, for all signatures."""
        return {name for run in self.runs.values() for name in run.fetches}

    def result(self, fetched: Tensors) -> dict[str, Classification | Regression]:
        """Returns the result of each signature."""
        return {name: run.result(fetched) for name, run in self.runs.items()}


def plan_examples(
    signatures: Signatures,
    signature_name: str,
    method: str,
    examples: input_pb2.Input,
    check_method_names: bool = False,
) -> ExampleRun:
    """Returns how to run a signature on examples.

    Args:
        signatures: those of the loaded model.
        signature_name: the signature to run.
        method: `CLASSIFY_METHOD` or `REGRESS_METHOD`.
        examples: the input of the signature.
        check_method_names: whether the signature must name this method.

    Raises:
        ServingError: the request does not match the signature, or the signature the method.
    """
    if signature_name not in signatures:
        raise InvalidArgumentError(f"No signature was found with the name: {signature_name}")
    tensor, outputs = _CHECKS[method](signatures[signature_name], check_method_names)
    return ExampleRun({tensor: make_example_tensor(examples)}, outputs, method)


def plan_multi_inference(
    signatures: Signatures, request: inference_pb2.MultiInferenceRequest, check_method_names: bool = False
) -> MultiRun:
    """Returns how to run several signatures at once.

    Raises:
        ServingError: a task does not match its signature, or the tasks do not match each other.
    """
    checked: dict[str, tuple[str, dict[str, str], str]] = {}
    for task in request.tasks:
        name = task.model_spec.signature_name or DEFAULT_SIGNATURE
        _check_task(task, name, request.tasks[0].model_spec.name, signatures, checked)
        tensor, outputs = _CHECKS[task.method_name](signatures[name], check_method_names)
        checked[name] = tensor, outputs, task.method_name
    examples = make_example_tensor(request.input)
    return MultiRun(
        {
            name: ExampleRun({tensor: examples}, outputs, method)
            for name, (tensor, outputs, method) in checked.items()
        }
    )


def _to_classification(outputs: Tensors, size: int) -> Classification:
    for alias, dtype, name in ((_CLASSES, object, "DT_STRING"), (_SCORES, np.float32, "DT_FLOAT")):
        if alias in outputs:
            _check_output(outputs[alias], alias, dtype, name, size)
    shape = next(iter(outputs.values())).shape
    labels = outputs[_CLASSES] if _CLASSES in outputs else np.full(shape, b"", object)
    scores = outputs[_SCORES] if _SCORES in outputs else np.zeros(shape, np.float32)
    if labels.shape != scores.shape:
        raise InvalidArgumentError(
            f"Tensors class and score should match in dim_size(1). Got {len(labels[0])} vs. {len(scores[0])}"
        )
    return Classification(labels, scores)


def _to_regression(outputs: Tensors, size: int) -> Regression:
    values = outputs[_OUTPUTS]
    if values.ndim != 1 and (values.ndim != 2 or values.shape[1] != 1):
        raise InvalidArgumentError(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1]"
            f" but got {format_shape(values)}"
        )
    if len(values) != size:
        raise InvalidArgumentError(
            f"Input batch size did not match output batch size: {size} vs. {len(values)}"
        )
    if values.dtype != np.float32:
        raise InvalidArgumentError(f"Expected output Tensor of DT_FLOAT.  Got: {_name_dtype(values)}")
    return Regression(values.ravel())


def make_example_tensor(examples: input_pb2.Input) -> np.ndarray:
    """Returns the serialized examples. A context precedes each of them, so that parsers merge the two.

    Raises:
        InvalidArgumentError: there is no example.
    """
    kind = examples.WhichOneof("kind")
    found = getattr(examples, kind).examples if kind else ()
    if not found:
        raise InvalidArgumentError("Input is empty.")
    context = b""
    if kind == "example_list_with_context":
        context = examples.example_list_with_context.context.SerializeToString()
    tensor = np.empty(len(found), object)
    tensor[:] = [context + example.SerializeToString() for example in found]
    return tensor


def _check_task(
    task: inference_pb2.InferenceTask,
    name: str,
    model_name: str,
    signatures: Signatures,
    seen: Collection[str],
) -> None:
    if not task.model_spec.name:
        raise InvalidArgumentError("Found ModelSpec with an empty model name.")
    if task.model_spec.name != model_name:
        raise InvalidArgumentError(
            "All ModelSpecs in a MultiInferenceRequest must access the same model name."
        )
    if name in seen:
        raise InvalidArgumentError(f"Duplicate evaluation of signature: {name}")
    if name not in signatures:
        raise InvalidArgumentError(f"Requested signature not found in model graph: {name}")
    if task.method_name not in _CHECKS:
        raise UnimplementedError(f"Unsupported signature method_name: {task.method_name}")


def _check_classification(signature: SignatureDef, check_method_names: bool) -> tuple[str, dict[str, str]]:
    """Returns the tensor to feed and those to fetch, by alias."""
    _check_input(signature, CLASSIFY_METHOD, "classification", check_method_names)
    if len(signature.outputs) not in (1, 2):
        raise InvalidArgumentError(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    if _INPUTS not in signature.inputs:
        raise InvalidArgumentError(f"No classification inputs found in SignatureDef: {signature}")
    outputs = {
        alias: signature.outputs[alias].name for alias in (_CLASSES, _SCORES) if alias in signature.outputs
    }
    if not outputs:
        raise InvalidArgumentError(
            "Expected classification signature outputs to contain at least one of"
            f' "{_CLASSES}" or "{_SCORES}". Signature was: {signature}'
        )
    if outputs.get(_CLASSES) == outputs.get(_SCORES):
        del outputs[_SCORES]  # a tensor that serves as both counts as the classes
    return signature.inputs[_INPUTS].name, outputs


def _check_regression(signature: SignatureDef, check_method_names: bool) -> tuple[str, dict[str, str]]:
    """Returns the tensor to feed and the one to fetch, by alias."""
    _check_input(signature, REGRESS_METHOD, "regression", check_method_names)
    if len(signature.outputs) != 1:
        raise InvalidArgumentError("Expected one output Tensor.")
    if _INPUTS not in signature.inputs:
        raise InvalidArgumentError(f"No regression inputs found in SignatureDef: {signature}")
    if _OUTPUTS not in signature.outputs:
        raise InvalidArgumentError(f"No regression outputs found in SignatureDef: {signature}")
    return signature.inputs[_INPUTS].name, {_OUTPUTS: signature.outputs[_OUTPUTS].name}


def _check_input(signature: SignatureDef, method: str, kind: str, check_method_names: bool) -> None:
    if check_method_names and signature.method_name != method:
        raise InvalidArgumentError(
            f"Expected {kind} signature method_name to be {method}. Was: {signature.method_name}"
        )
    if len(signature.inputs) != 1:
        raise InvalidArgumentError("Expected one input Tensor.")


_CHECKS = {CLASSIFY_METHOD: _check_classification, REGRESS_METHOD: _check_regression}


def _check_output(array: np.ndarray, alias: str, dtype: Any, dtype_name: str, size: int) -> None:
    if array.ndim != 2:
        raise InvalidArgumentError(
            f"Expected Tensor shape: [batch_size num_classes] but got {format_shape(array)}"
        )
    if array.dtype != dtype:
        raise InvalidArgumentError(f"Expected {alias} Tensor of {dtype_name}. Got: {_name_dtype(array)}")
    if len(array) != size:
        raise InvalidArgumentError(f"Expected {alias} output batch size of {size}. Got: {len(array)}")


def _name_dtype(array: np.ndarray) -> str:
    return types_pb2.DataType.Name(tf.as_dtype(array.dtype).as_datatype_enum)

"""The body of a REST predict request: row form (`instances`) and columnar form (`inputs`)."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import simdjson
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from keras_session5.errors import InvalidArgumentError, ServingError
from keras_session5.server.codecs.json_arrays import convert_numbers, is_base64, to_array, to_regular_array
from keras_session5.server.codecs.json_numbers import Numbers, read_numbers
from keras_session5.server.codecs.json_parser import Json, parse_json
from keras_session5.server.codecs.json_text import describe, format_shape
from keras_session5.server.deadline import check_deadline

Inputs = Mapping[str, TensorInfo]
_MAX_FORMATTED = 4096  # bytes of a wrong body whose start an error text shows indented
_MAX_EXPLAINED = 2**14  # rows to check one by one for the wrong one; each takes some microseconds


class Form(enum.Enum):
    """The form of the tensors in a request, and so in its reply."""

    ROW = "predictions"
    COLUMNAR = "outputs"


@dataclass(frozen=True)
class PredictBody:
    """A parsed body. The signature's inputs then determine its tensors.

    Attributes:
        body: the JSON.
        signature_name: empty for the default signature.
        key: the key of `values`, `instances` or `inputs`.
        values: the numbers, if the body holds only regular lists of numbers; otherwise empty.
    """

    body: bytes
    signature_name: str
    key: str
    values: Numbers

    @staticmethod
    def parse(body: bytes) -> "PredictBody":
        """Parses a body, and reads its values if all are numbers."""
        json = parse_json(body)
        return PredictBody(body, _get_signature_name(json), *(read_numbers(json) or ("", {})))

    def read_numeric_tensors(self, inputs: Inputs) -> tuple[dict[str, np.ndarray], Form] | None:
        """Returns the input tensors by name, and their form, if `values` are exactly these inputs."""
        values = self.values
        if None in values and len(inputs) == 1:
            values = {next(iter(inputs)): values[None]}
        if not values or values.keys() != set(inputs):
            return None
        arrays = {alias: convert_numbers(values[alias], inputs[alias].dtype) for alias in sorted(inputs)}
        tensors = {alias: array for alias, array in arrays.items() if array is not None}
        if len(tensors) < len(inputs):
            return None
        return tensors, Form.ROW if self.key == "instances" else Form.COLUMNAR

    def read_tensors(self, inputs: Inputs) -> tuple[dict[str, np.ndarray], Form]:
        """Returns the same for any body, more slowly, or raises an error for the wrong part."""
        if not inputs:
            raise InvalidArgumentError(
                f"Failed to get input map for signature: {self.signature_name or 'DEFAULT'}"
            )
        document, _ = parse_document(self.body)
        if "instances" in document:
            return _read_rows(_get_instances(document), inputs), Form.ROW
        if "inputs" in document:
            return _read_columns(document["inputs"], inputs), Form.COLUMNAR
        raise InvalidArgumentError("Missing 'inputs' or 'instances' key")


def parse_document(body: bytes) -> tuple[dict[str, Any], str]:
    """Returns the object in a body and the name of its signature (empty: the default signature)."""
    json = parse_json(body)
    name = _get_signature_name(json)
    return json.to_python(), name


def _get_signature_name(json: Json) -> str:
    if not isinstance(json.root, simdjson.Object):
        raise InvalidArgumentError(f"JSON Value: {_describe_body(json)} Is not object")
    name = json.root.get("signature_name", "")
    if not isinstance(name, str):
        raise InvalidArgumentError(
            f"JSON Value: {_describe_body(json)} not formatted correctly."
            " 'signature_name' key must be a string value."
        )
    return name


def _describe_body(json: Json) -> str:
    short = len(json.text) <= _MAX_FORMATTED
    return describe(json.to_python() if short else json.text[:_MAX_FORMATTED].decode("utf-8", "replace"))


def _get_instances(document: dict[str, Any]) -> list[Any]:
    instances, problem = document["instances"], ""
    if "inputs" in document:
        problem = "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist "
    elif not isinstance(instances, list):
        problem = "Expecting 'instances' to be an list/array"
    elif not instances:
        problem = "No values in 'instances' array"
    if problem:
        raise InvalidArgumentError(f"JSON Value: {describe(document)} {problem}")
    return instances


def _read_columns(value: Any, inputs: Inputs) -> dict[str, np.ndarray]:
    if _is_named(value):
        missing = [alias for alias in sorted(inputs) if alias not in value]
        if missing:
            raise InvalidArgumentError(f"Missing named input: {missing[0]} in 'inputs' object.")
        return {alias: to_array(value[alias], info.dtype, alias) for alias, info in inputs.items()}
    if len(inputs) > 1:
        raise InvalidArgumentError(
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per"
            " tensorinfo_map"
        )
    return {alias: to_array(value, info.dtype, alias) for alias, info in inputs.items()}


def _read_rows(instances: list[Any], inputs: Inputs) -> dict[str, np.ndarray]:
    if len(inputs) > 1 and not isinstance(instances[0], dict):
        raise InvalidArgumentError(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as"
            " per tensorinfo_map"
        )
    named = _is_named(instances[0])
    columns = _collect_columns(instances, inputs) if named else _collect_column(instances, inputs)
    arrays = {name: to_regular_array(column, inputs[name].dtype, name) for name, column in columns.items()}
    tensors = {name: array for name, array in arrays.items() if array is not None}
    if len(tensors) == len(inputs):
        return tensors
    # Row by row is slower, but finds the wrong row and upstream's error for it.
    first: dict[str, np.ndarray] = {}
    for index, element in enumerate(instances[:_MAX_EXPLAINED]):
        check_deadline()
        _check_row(index, element, named, inputs, first)
    raise InvalidArgumentError(
        "Every element of the 'instances' list must have the shape and the type of the first. An element"
        f" after number {_MAX_EXPLAINED:,} does not."
    )


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _collect_column(instances: list[Any], inputs: Inputs) -> dict[str, list[Any]]:
    """Returns the values of the only input; empty if some rows are named."""
    return {} if any(_is_named(element) for element in instances) else {next(iter(inputs)): instances}


def _collect_columns(instances: list[Any], inputs: Inputs) -> dict[str, list[Any]]:
    names = set(inputs)
    if any(not _is_named(element) or element.keys() != names for element in instances):
        return {}
    return {alias: [element[alias] for element in instances] for alias in inputs}


def _check_row(index: int, element: Any, named: bool, inputs: Inputs, first: dict[str, np.ndarray]) -> None:
    """Raises if an element of `instances` is wrong; `first` keeps the first tensor of each input."""
    if named != _is_named(element):
        raise InvalidArgumentError(
            f"Expecting object but got list at item {index} of input list"
            if named
            else f"Expecting value/list but got object at item {index} of input list"
        )
    names = set(inputs)  # unlike a message's map, it accepts any text
    for alias, value in element.items() if named else [(next(iter(inputs)), element)]:
        try:
            if alias not in names:
                raise InvalidArgumentError(f"JSON object: does not have named input: {alias}")
            tensor = to_array(value, inputs[alias].dtype, alias)
            pattern = first.setdefault(alias, tensor)
            if pattern.size != tensor.size:
                raise InvalidArgumentError(f"Expecting tensor size: {pattern.size} but got: {tensor.size}")
            if pattern.shape != tensor.shape:
                raise InvalidArgumentError(
                    f"Expecting shape {format_shape(pattern)} but got: {format_shape(tensor)}"
                )
        except ServingError as error:
            where = f"{index} key: {alias}" if named else f"{index}"
            raise InvalidArgumentError(
                f"Failed to process element: {where} of 'instances' list. Error: {error.code}: {error}"
            ) from error
    if named and element.keys() != names:
        raise InvalidArgumentError(
            f"Failed to process element: {index} of 'instances' list. JSON object: {describe(element)}"
            f" keys must be equal to: {','.join(sorted(inputs))}"
        )

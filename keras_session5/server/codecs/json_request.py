"""The body of a REST predict request: row form (`instances`) and columnar form (`inputs`)."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import simdjson
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from keras_session5.errors import InvalidArgumentError, ServingError
from keras_session5.server.codecs.json_arrays import is_base64, of_dtype, regular_array, to_array
from keras_session5.server.codecs.json_numbers import Numbers, read_numbers
from keras_session5.server.codecs.json_parser import Json, parse_json
from keras_session5.server.codecs.json_text import describe, shape_text
from keras_session5.server.deadline import check_deadline

Inputs = Mapping[str, TensorInfo]
_LONGEST_LAID_OUT = 4096  # bytes of a wrong body that an error's text shows the beginning of, laid out
_MOST_EXPLAINED = 2**14  # rows that are read one by one to say which is wrong; each takes some microseconds


class Form(enum.Enum):
    """How a request gives its tensors, and so how the reply does."""

    ROW = "predictions"
    COLUMNAR = "outputs"


@dataclass(frozen=True)
class PredictBody:
    """A parsed body, whose tensors are read once the signature's inputs are known.

    Attributes:
        body: the JSON.
        signature_name: empty for the default signature.
        key: which of `instances` and `inputs` holds `values`.
        values: the numbers of a body that holds nothing but regular lists of them, else nothing.
    """

    body: bytes
    signature_name: str
    key: str
    values: Numbers

    @staticmethod
    def parse(body: bytes) -> "PredictBody":
        """Parses any body, and reads one of numbers."""
        json = parse_json(body)
        return PredictBody(body, _signature_name(json), *(read_numbers(json) or ("", {})))

    def numbers(self, inputs: Inputs) -> tuple[dict[str, np.ndarray], Form] | None:
        """Returns the input tensors by name and their form if the body holds nothing but what fits them."""
        values = self.values
        if None in values and len(inputs) == 1:
            values = {next(iter(inputs)): values[None]}
        if not values or values.keys() != set(inputs):
            return None
        arrays = {alias: of_dtype(values[alias], inputs[alias].dtype) for alias in sorted(inputs)}
        tensors = {alias: array for alias, array in arrays.items() if array is not None}
        if len(tensors) < len(inputs):
            return None
        return tensors, Form.ROW if self.key == "instances" else Form.COLUMNAR

    def tensors(self, inputs: Inputs) -> tuple[dict[str, np.ndarray], Form]:
        """Returns the same for any body, which takes longer, or says what does not fit."""
        if not inputs:
            raise InvalidArgumentError(
                f"Failed to get input map for signature: {self.signature_name or 'DEFAULT'}"
            )
        document, _ = parse_document(self.body)
        if "instances" in document:
            return _rows(_instances(document), inputs), Form.ROW
        if "inputs" in document:
            return _columns(document["inputs"], inputs), Form.COLUMNAR
        raise InvalidArgumentError("Missing 'inputs' or 'instances' key")


def parse_document(body: bytes) -> tuple[dict[str, Any], str]:
    """Returns the object that a body holds and its signature's name (empty: the default signature)."""
    json = parse_json(body)
    name = _signature_name(json)
    return json.to_python(), name


def _signature_name(json: Json) -> str:
    if not isinstance(json.root, simdjson.Object):
        raise InvalidArgumentError(f"JSON Value: {_shown(json)} Is not object")
    name = json.root.get("signature_name", "")
    if not isinstance(name, str):
        raise InvalidArgumentError(
            f"JSON Value: {_shown(json)} not formatted correctly."
            " 'signature_name' key must be a string value."
        )
    return name


def _shown(json: Json) -> str:
    short = len(json.text) <= _LONGEST_LAID_OUT
    return describe(json.to_python() if short else json.text[:_LONGEST_LAID_OUT].decode("utf-8", "replace"))


def _instances(document: dict[str, Any]) -> list[Any]:
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


def _columns(value: Any, inputs: Inputs) -> dict[str, np.ndarray]:
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


def _rows(instances: list[Any], inputs: Inputs) -> dict[str, np.ndarray]:
    if len(inputs) > 1 and not isinstance(instances[0], dict):
        raise InvalidArgumentError(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as"
            " per tensorinfo_map"
        )
    named = _is_named(instances[0])
    columns = _named_columns(instances, inputs) if named else _single_column(instances, inputs)
    arrays = {name: regular_array(column, inputs[name].dtype, name) for name, column in columns.items()}
    tensors = {name: array for name, array in arrays.items() if array is not None}
    if len(tensors) == len(inputs):
        return tensors
    # Row by row is slower, but knows which row is wrong and says what upstream says about it.
    first: dict[str, np.ndarray] = {}
    for index, element in enumerate(instances[:_MOST_EXPLAINED]):
        check_deadline()
        _check_row(index, element, named, inputs, first)
    raise InvalidArgumentError(
        "Every element of the 'instances' list must have the shape and the type of the first. One after"
        f" number {_MOST_EXPLAINED:,} has not."
    )


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _single_column(instances: list[Any], inputs: Inputs) -> dict[str, list[Any]]:
    """Returns the values of the only input; nothing if not every row is of the kind of the first."""
    return {} if any(_is_named(element) for element in instances) else {next(iter(inputs)): instances}


def _named_columns(instances: list[Any], inputs: Inputs) -> dict[str, list[Any]]:
    names = set(inputs)
    if any(not _is_named(element) or element.keys() != names for element in instances):
        return {}
    return {alias: [element[alias] for element in instances] for alias in inputs}


def _check_row(index: int, element: Any, named: bool, inputs: Inputs, first: dict[str, np.ndarray]) -> None:
    """Raises if an element of `instances` does not fit; `first` keeps the first tensor of each input."""
    if named != _is_named(element):
        raise InvalidArgumentError(
            f"Expecting object but got list at item {index} of input list"
            if named
            else f"Expecting value/list but got object at item {index} of input list"
        )
    names = set(inputs)  # which, unlike a message's map, takes any text
    for alias, value in element.items() if named else [(next(iter(inputs)), element)]:
        try:
            if alias not in names:
                raise InvalidArgumentError(f"JSON object: does not have named input: {alias}")
            tensor = to_array(value, inputs[alias].dtype, alias)
            _check_like(first.setdefault(alias, tensor), tensor)
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


def _check_like(first: np.ndarray, tensor: np.ndarray) -> None:
    if first.size != tensor.size:
        raise InvalidArgumentError(f"Expecting tensor size: {first.size} but got: {tensor.size}")
    if first.shape != tensor.shape:
        raise InvalidArgumentError(f"Expecting shape {shape_text(first)} but got: {shape_text(tensor)}")

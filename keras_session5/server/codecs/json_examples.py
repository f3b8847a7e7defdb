"""The bodies of REST `:classify` and `:regress`: features as `tf.train.Example`, and results as JSON."""

from collections.abc import Callable
from typing import Any

import numpy as np
from tensorflow.core.example import example_pb2, feature_pb2
from tensorflow_serving.apis import input_pb2

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.codecs.json_arrays import is_base64, to_bytes
from keras_session5.server.codecs.json_request import parse_document
from keras_session5.server.codecs.json_text import describe, format_floats, name_json_type, quote
from keras_session5.server.deadline import check_deadline

_HIGHEST_INT64 = 2**63 - 1


def read_examples(body: bytes) -> tuple[str, input_pb2.Input]:
    """Returns the name of the signature (empty: the default one) and the examples in a body.

    Raises:
        InvalidArgumentError: the body is not JSON, or not of the form
            `{"signature_name": ..., "context": {feature: value}, "examples": [{feature: value}]}`.
    """
    document, signature_name = parse_document(body)
    found = input_pb2.Input()
    if "context" in document:
        found.example_list_with_context.context.SetInParent()  # even without features
        _fill_example(found.example_list_with_context.context, document["context"])
        examples = found.example_list_with_context.examples
    else:
        examples = found.example_list.examples
    for value in _get_examples(document):
        check_deadline()
        _fill_example(examples.add(), value)
    return signature_name, found


def write_classifications(labels: np.ndarray, scores: np.ndarray) -> bytes:
    """Returns the reply's JSON: for each example a list of labels and scores.

    Args:
        labels: bytes of shape (N, C).
        scores: float32 of shape (N, C).
    """
    if not len(labels):
        raise InvalidArgumentError("Cannot convert empty ClassificationResults to JSON")
    texts = iter(format_floats(scores.ravel()))
    rows = (
        ", ".join(f"[{quote(label.decode('utf-8', 'surrogateescape'))}, {next(texts)}]" for label in row)
        for row in labels
    )
    return _format_reply(f"[{', '.join(f'[{row}]' for row in rows)}\n    ]")


def write_regressions(values: np.ndarray) -> bytes:
    """Returns the reply's JSON: one number for each example, of float32 values of shape (N,)."""
    if not len(values):
        raise InvalidArgumentError("Cannot convert empty RegressionResults to JSON")
    return _format_reply(f"[{', '.join(format_floats(values))}]")


def _format_reply(results: str) -> bytes:
    return f'{{\n    "results": {results}\n}}'.encode("utf-8", "surrogateescape")


def _get_examples(document: dict[str, Any]) -> list[Any]:
    if "examples" not in document:
        problem = "When method is classify, key 'examples' is expected and was not found"
    elif not isinstance(document["examples"], list):
        problem = "Expecting 'examples' value to be an list/array"
    elif not document["examples"]:
        problem = "'examples' value is an empty array"
    else:
        return document["examples"]
    raise InvalidArgumentError(f"JSON Value: {describe(document)} {problem}")


def _fill_example(example: example_pb2.Example, value: Any) -> None:
    if not isinstance(value, dict):
        raise InvalidArgumentError(f"Example must be JSON object but got JSON {name_json_type(value)}")
    for name, content in value.items():
        feature = example.features.feature[name]
        _fill_feature(feature, name, content if isinstance(content, list) else [content])


def _fill_feature(feature: feature_pb2.Feature, name: str, values: list[Any]) -> None:
    """Writes values of one kind; without values the feature has no kind.

    Refuses the first wrong value, in upstream's order.
    """
    expected, found = None, []
    for value in values:
        kind, convert = _classify(value)
        if kind is None:
            raise InvalidArgumentError(
                f"Feature: {name} has element with unexpected JSON type: {name_json_type(value)}"
            )
        expected = expected or kind
        if kind != expected:
            raise InvalidArgumentError(
                f"Unexpected element type in feature: {name} expecting type: {expected}"
            )
        if kind == "int64" and value > _HIGHEST_INT64:
            raise InvalidArgumentError(f"Feature: {name} has uint64_t element. Only int64_t is supported.")
        found.append(convert(value))
    if expected == "float":
        with np.errstate(over="ignore"):
            found = np.array(found).astype(np.float32).tolist()
    if expected:
        getattr(feature, f"{expected}_list").value.extend(found)


def _classify(value: Any) -> tuple[str | None, Callable[[Any], Any]]:
    """Returns the kind of the list that holds such a value (None: no list) and the conversion to it."""
    if isinstance(value, int):  # includes Booleans
        return "int64", int
    if isinstance(value, float):
        return "float", float
    return ("bytes" if isinstance(value, str) or is_base64(value) else None), to_bytes

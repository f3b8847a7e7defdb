"""The JSON of `:classify` and `:regress`."""

import json
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, strategies as st
from tensorflow_serving.apis import input_pb2

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.codecs.json_examples import (
    read_examples,
    write_classifications,
    write_regressions,
)

from .asking import Features, Rest, example_of, json_features


def _read(document: Any) -> input_pb2.Input:
    return read_examples(json.dumps(document).encode())[1]


def _feature(value: Any) -> tf.train.Feature:
    (example,) = _read({"examples": [{"f": value}]}).example_list.examples
    return example.features.feature["f"]


def _refusal(body: Any) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        read_examples(body.encode() if isinstance(body, str) else json.dumps(body).encode())
    return str(caught.value)


# Reading

_numbers = st.floats(width=32, allow_nan=False)
_values = st.one_of(
    *(
        st.one_of(kind, st.lists(kind, max_size=5))
        for kind in (
            st.integers(-(2**63), 2**63 - 1),
            st.booleans(),
            _numbers,
            st.binary(max_size=9),
            st.text(max_size=9),
        )
    ),
    st.lists(st.integers(-9, 9) | st.booleans(), max_size=5),
    st.lists(st.binary(max_size=3) | st.text(max_size=3), max_size=5),
)
_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
_features = st.dictionaries(_names, _values, max_size=4)


@given(st.lists(_features, min_size=1, max_size=3), st.none() | _features, st.text(max_size=5))
def test_json_and_a_builder_give_the_same_examples(
    examples: list[Features], context: Features | None, signature_name: str
):
    document: dict[str, Any] = {"examples": [json_features(features) for features in examples]}
    if signature_name:
        document["signature_name"] = signature_name
    if context is not None:
        document["context"] = json_features(context)
    name, found = read_examples(json.dumps(document).encode())
    expected = input_pb2.Input()
    if context is None:
        expected.example_list.examples.extend(map(example_of, examples))
    else:
        expected.example_list_with_context.context.CopyFrom(example_of(context))
        expected.example_list_with_context.examples.extend(map(example_of, examples))
    assert (name, found) == (signature_name, expected)


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1, "int64_list", [1]),
        ([-(2**63), 2**63 - 1], "int64_list", [-(2**63), 2**63 - 1]),
        ([True, False, 2], "int64_list", [1, 0, 2]),
        (1.0, "float_list", [1.0]),
        ([0.5, math.inf, -math.inf], "float_list", [0.5, math.inf, -math.inf]),
        (1e39, "float_list", [math.inf]),
        (2.0**64, "float_list", [2.0**64]),
        ("grün", "bytes_list", ["grün".encode()]),
        (["a", {"b64": "/w=="}, {"b64": "YQ"}], "bytes_list", [b"a", b"\xff", b"a"]),
        ("", "bytes_list", [b""]),
    ],
)
def test_a_value_decides_the_kind_of_its_feature(value: Any, kind: str, expected: list):
    feature = _feature(value)
    assert feature.WhichOneof("kind") == kind
    assert list(getattr(feature, kind).value) == expected


def test_not_a_number_is_a_float():
    assert math.isnan(_feature([math.nan]).float_list.value[0])


def test_an_empty_list_is_a_feature_without_a_kind():
    (example,) = _read({"examples": [{"f": []}]}).example_list.examples
    assert set(example.features.feature) == {"f"}
    assert example.features.feature["f"].WhichOneof("kind") is None


def test_an_example_may_be_empty_and_other_keys_are_ignored():
    document = {"examples": [{}, {}], "else": [[[]]], "context": {}}
    found = _read(document).example_list_with_context
    assert len(found.examples) == 2
    assert found.context.SerializeToString() == b""


@pytest.mark.parametrize(
    ("features", "text"),
    [
        ({"f": [1, 0.5]}, "Unexpected element type in feature: f expecting type: int64"),
        ({"f": [True, "a"]}, "Unexpected element type in feature: f expecting type: int64"),
        ({"f": [0.5, 1]}, "Unexpected element type in feature: f expecting type: float"),
        ({"f": ["a", 1]}, "Unexpected element type in feature: f expecting type: bytes"),
        ({"f": [{"b64": "YQ=="}, True]}, "Unexpected element type in feature: f expecting type: bytes"),
        ({"f": [1, {"b64": "!"}]}, "Unexpected element type in feature: f expecting type: int64"),
        ({"f": None}, "Feature: f has element with unexpected JSON type: Null"),
        ({"f": [1, None]}, "Feature: f has element with unexpected JSON type: Null"),
        ({"f": {}}, "Feature: f has element with unexpected JSON type: Object"),
        ({"f": {"b64": 1}}, "Feature: f has element with unexpected JSON type: Object"),
        ({"f": {"b64": "YQ==", "a": 1}}, "Feature: f has element with unexpected JSON type: Object"),
        ({"f": [["a"]]}, "Feature: f has element with unexpected JSON type: Array"),
        ({"f": 2**63}, "Feature: f has uint64_t element. Only int64_t is supported."),
        ({"f": [1, 2**64 - 1]}, "Feature: f has uint64_t element. Only int64_t is supported."),
        ({"f": [2**63, None]}, "Feature: f has uint64_t element. Only int64_t is supported."),
        ({"f": [0.5, 2**63]}, "Unexpected element type in feature: f expecting type: float"),
        ({"f": {"b64": "!"}}, "Unable to base64 decode"),
        ({"f": [{"b64": "!"}, 1]}, "Unable to base64 decode"),
        ([], "Example must be JSON object but got JSON Array"),
        ("a", "Example must be JSON object but got JSON String"),
        (None, "Example must be JSON object but got JSON Null"),
        (True, "Example must be JSON object but got JSON True"),
        (1, "Example must be JSON object but got JSON Number"),
    ],
)
def test_an_example_that_does_not_fit_is_refused_in_upstreams_words(features: Any, text: str):
    assert _refusal({"examples": [{"g": 1}, features]}) == text
    assert _refusal({"context": features, "examples": []}) == text  # the context comes first


BODY_ERRORS = [
    ("", "JSON Parse error: The document is empty"),
    ("[1]", "JSON Value: [\n    1\n] Is not object"),
    (
        '{"signature_name": 5, "examples": 1}',
        'JSON Value: {\n    "signature_name": 5,\n    "examples": 1\n} not formatted correctly.'
        " 'signature_name' key must be a string value.",
    ),
    ("{}", "JSON Value: {} When method is classify, key 'examples' is expected and was not found"),
    (
        '{"examples": {}}',
        "JSON Value: {\n    \"examples\": {}\n} Expecting 'examples' value to be an list/array",
    ),
    ('{"examples": []}', "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array"),
]


@pytest.mark.parametrize(("body", "text"), BODY_ERRORS)
def test_a_body_that_does_not_fit_is_refused_in_upstreams_words(tf1_rest: Rest, body: str, text: str):
    assert _refusal(body) == text
    for verb in ("classify", "regress"):  # the same sentence for both
        status, reply = tf1_rest.request("POST", f"/v1/models/odd:{verb}", body)
        assert (status, json.loads(reply)["error"]) == (400, text)


def test_deep_nesting_is_answered(tf1_rest: Rest):
    deep = "[" * 500_000 + "]" * 500_000
    path = "/v1/models/odd:classify"
    for body in (
        f'{{"examples": [{{"f": {deep}}}]}}',
        f'{{"examples": [{deep}]}}',
        f'{{"examples": {deep}}}',
        f'{{"a": {deep}}}',
    ):
        assert tf1_rest.request("POST", path, body)[0] == 400


# Writing


def test_replies_are_laid_out_as_upstream_does(tf1_rest: Rest):
    body = '{"signature_name": "classify", "examples": [{}, {}]}'
    assert tf1_rest.request("POST", "/v1/models/odd:classify", body) == (
        200,
        b'{\n    "results": [[["no", 0.25], ["yes", 0.75]], [["no", 0.25], ["yes", 0.75]]\n    ]\n}',
    )
    body = '{"signature_name": "regress", "examples": [{}, {}]}'
    assert tf1_rest.request("POST", "/v1/models/odd:regress", body) == (
        200,
        b'{\n    "results": [0.0, 1.0]\n}',
    )


def test_numbers_and_labels_are_written_as_in_predictions():
    values = np.array([0.2, 9e6, 1435774380, math.nan, -math.inf, 3], np.float32)
    assert write_regressions(values) == (
        b'{\n    "results": [0.2, 9e+06, 1.43577434e+09, NaN, -Infinity, 3.0]\n}'
    )
    labels = np.array([[b'a"\n', b"\xff"]], object)
    assert write_classifications(labels, np.array([[0.1, math.inf]], np.float32)) == (
        b'{\n    "results": [[["a\\"\\n", 0.1], ["\xff", Infinity]]\n    ]\n}'
    )
    nothing = write_classifications(np.empty((2, 0), object), np.empty((2, 0), np.float32))
    assert nothing == b'{\n    "results": [[], []\n    ]\n}'


def test_an_empty_result_has_no_json():
    with pytest.raises(InvalidArgumentError, match=r"^Cannot convert empty ClassificationResults to JSON$"):
        write_classifications(np.empty((0, 2), object), np.empty((0, 2), np.float32))
    with pytest.raises(InvalidArgumentError, match=r"^Cannot convert empty RegressionResults to JSON$"):
        write_regressions(np.empty(0, np.float32))

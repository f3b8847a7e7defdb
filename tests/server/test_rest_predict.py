"""The JSON of `:predict`."""

import gzip
import json
from typing import Any

import pytest

from keras_session5.errors import ServingError

from .asking import Rest

HALF, PAIR, KINDS = (
    "/v1/models/half/versions/1:predict",
    "/v1/models/pair:predict",
    "/v1/models/kinds:predict",
)


def _error(rest: Rest, path: str, body: Any) -> tuple[int, str]:
    with pytest.raises(ServingError) as caught:
        rest.ask("POST", path, body)
    return caught.value.http_status, str(caught.value)


def test_rows_and_columns_answer_in_kind(rest: Rest):
    assert rest.ask("POST", HALF, {"instances": [[1.0], [2]]}) == {"predictions": [[2.5], [3.0]]}
    assert rest.ask("POST", HALF, {"instances": [1.0, 2, 5]}) == {"predictions": [2.5, 3.0, 4.5]}
    assert rest.ask("POST", HALF, {"inputs": [[1.0], [2]]}) == {"outputs": [[2.5], [3.0]]}
    assert rest.ask("POST", HALF, {"inputs": 1}) == {"outputs": 2.5}
    assert rest.ask("POST", HALF, {"inputs": {"x": 1, "unknown": [1]}}) == {"outputs": 2.5}


def test_named_rows_and_columns_answer_by_name(rest: Rest):
    rows = [{"a": 1, "b": [1, 2]}, {"b": [3, 4], "a": 2}]
    assert rest.ask("POST", PAIR, {"instances": rows}) == {
        "predictions": [{"sum": [2, 3], "product": [3]}, {"sum": [5, 6], "product": [7]}]
    }
    assert rest.ask("POST", PAIR, {"inputs": {"a": [1], "b": [[1, 2]]}}) == {
        "outputs": {"sum": [[2, 3]], "product": [[3]]}
    }


def test_the_reply_is_laid_out_as_upstream_does(rest: Rest):
    assert rest.request("POST", HALF, '{"instances": [1, 2]}')[1] == (
        b'{\n    "predictions": [2.5, 3.0\n    ]\n}'
    )
    body = '{"signature_name": "scalar", "inputs": {"a": [1], "b": [2]}}'
    assert rest.request("POST", PAIR, body)[1] == (
        b'{\n    "outputs": {\n        "mean": 3.0,\n        "rows": [3.0]\n    }\n}'
    )
    body = '{"instances": [{"a": 1, "b": [1, 2]}]}'
    assert rest.request("POST", PAIR, body)[1] == (
        b'{\n    "predictions": [\n        {\n            "product": [3.0],\n            "sum": [2.0, 3.0]\n'
        b"        }\n    ]\n}"
    )


def test_an_empty_batch_has_no_predictions(rest: Rest):
    assert rest.ask("POST", HALF, {"inputs": [[]]}) == {"outputs": [[]]}
    assert (
        rest.ask("POST", PAIR, {"inputs": {"a": [], "b": []}, "signature_name": "scalar"})["outputs"]["rows"]
        == []
    )


def test_strings_come_back_and_bytes_come_in_base64(rest: Rest):
    body = {"signature_name": "text", "instances": ["grün", {"b64": "AP8"}, {"b64": "AP8="}, 'a"\n']}
    status, reply = rest.request("POST", KINDS, json.dumps(body, ensure_ascii=False).encode())
    assert status == 200
    rows = json.loads(reply.decode("utf-8", "surrogateescape"))["predictions"]
    assert [row["raw_bytes"]["b64"] for row in rows] == ["Z3LDvG4=", "AP8=", "AP8=", "YSIK"]
    assert [row["same"] for row in rows] == ["grün", "\x00\udcff", "\x00\udcff", 'a"\n']


def test_other_element_types_come_through(rest: Rest):
    body = {"signature_name": "boolean", "instances": [True, False]}
    assert rest.ask("POST", KINDS, body) == {"predictions": [True, False]}
    body = {"signature_name": "tiny", "instances": [255, 256]}
    assert rest.ask("POST", KINDS, body) == {"predictions": [255, 0]}
    body = {"signature_name": "integer", "inputs": [2**53 + 2]}
    assert rest.ask("POST", HALF, body) == {"outputs": [2**52 + 3]}


def test_what_is_no_finite_number_is_written_bare(rest: Rest):
    body = '{"instances": [NaN, Infinity, -Infinity, -Inf, 1e39]}'
    assert rest.request("POST", HALF, body)[1] == (
        b'{\n    "predictions": [NaN, Infinity, -Infinity, -Infinity, Infinity\n    ]\n}'
    )


def test_the_body_may_be_zipped(rest: Rest):
    headers = {"Content-Encoding": "gzip"}
    body = gzip.compress(b'{"instances": [1]}')
    assert rest.request("POST", HALF, body, headers)[0] == 200
    assert rest.request("POST", HALF, body[:-5], headers)[0] == 400
    assert rest.request("POST", HALF, b"not zipped", headers)[0] == 400


def test_deep_nesting_is_answered(rest: Rest):
    deep = "[" * 500_000 + "]" * 500_000
    for body in (f'{{"instances": [1], "else": {deep}}}', f'{{"inputs": {deep}}}'):
        assert _error(rest, HALF, body) == (400, "JSON Parse error: " + TOO_DEEP)
    some = "[" * 100 + "]" * 100
    assert _error(rest, HALF, f'{{"inputs": {some}}}') == (400, "tensor parsing error: x")
    assert rest.request("POST", HALF, f'{{"instances": [1], "else": {some}}}')[0] == 200
    assert rest.request("POST", HALF, deep)[0] == 400
    assert rest.request("POST", HALF, "[" * 500_000)[0] == 400


TOO_DEEP = "The JSON document was too deep (too many nested objects and arrays)"
WRONG = (
    "The JSON document has an improper structure: missing or superfluous commas, braces, missing keys, etc."
)
DOCUMENT = '{\n    "instances": [\n        1\n    ],\n    "inputs": [\n        1\n    ]\n}'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("", "JSON Parse error: The document is empty"),
        ("   ", "JSON Parse error: The document is empty"),
        ('{"instances": x}', "JSON Parse error: " + WRONG),
        ("[1]", "JSON Value: [\n    1\n] Is not object"),
        (
            '{"signature_name": 5}',
            'JSON Value: {\n    "signature_name": 5\n} not formatted correctly.'
            " 'signature_name' key must be a string value.",
        ),
        (
            '{"signature_name": "no", "instances": [1]}',
            'Serving signature name: "no" not found in signature def',
        ),
        (
            '{"instances": [1], "inputs": [1]}',
            f"JSON Value: {DOCUMENT} Not formatted correctly expecting only one of 'inputs' or 'instances'"
            " keys to exist ",
        ),
        ("{}", "Missing 'inputs' or 'instances' key"),
        (
            '{"instances": 1}',
            "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array",
        ),
        ('{"instances": []}', "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array"),
        ('{"inputs": {"a": 1}}', "Missing named input: x in 'inputs' object."),
        ('{"inputs": [1, [2]]}', "Encountered list at unexpected level: 1 expected < 1"),
        ('{"inputs": [[1, 2], [3]]}', "Encountered list at unexpected size: 1 at level: 1 expected size: 2"),
        (
            '{"inputs": [[1], 2]}',
            "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        ('{"inputs": [null]}', "JSON Value: null Type: Null is not of expected type: float"),
        ('{"inputs": [true]}', "JSON Value: true Type: True is not of expected type: float"),
        ('{"inputs": ["a"]}', 'JSON Value: "a" Type: String is not of expected type: float'),
        (
            '{"inputs": [{"b64": "YQ"}]}',
            'JSON Value: {\n    "b64": "YQ"\n} Type: Object is not of expected type: float',
        ),
        (
            '{"instances": [1, "a"]}',
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT:"
            ' JSON Value: "a" Type: String is not of expected type: float',
        ),
        (
            '{"instances": [[1], [1, 2]]}',
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT:"
            " Expecting tensor size: 1 but got: 2",
        ),
        (
            '{"instances": [[1, 2], [[1, 2]]]}',
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT:"
            " Expecting shape [2] but got: [1,2]",
        ),
        ('{"instances": [{"x": 1}, 2]}', "Expecting object but got list at item 1 of input list"),
        ('{"instances": [2, {"x": 1}]}', "Expecting value/list but got object at item 1 of input list"),
        (
            '{"instances": [{"y": 1}]}',
            "Failed to process element: 0 key: y of 'instances' list. Error: INVALID_ARGUMENT:"
            " JSON object: does not have named input: y",
        ),
        (
            '{"signature_name": "integer", "inputs": [1.0]}',
            "JSON Value: 1.0 Type: Number is not of expected type: int64",
        ),
        (
            '{"signature_name": "integer", "inputs": [9223372036854775808]}',
            "JSON Value: 9223372036854775808 Type: Number is not of expected type: int64",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_upstreams_words(rest: Rest, body: str, text: str):
    assert _error(rest, HALF, body) == (400, text)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            {"instances": [1]},
            "instances is a plain list, but expecting list of objects as multiple input tensors required as"
            " per tensorinfo_map",
        ),
        (
            {"inputs": [1]},
            "inputs is a plain value/list, but expecting an object as multiple input tensors required as per"
            " tensorinfo_map",
        ),
        (
            {"instances": [{"a": 1}]},
            "Failed to process element: 0 of 'instances' list. JSON object: {\n    \"a\": 1\n} keys must be"
            " equal to: a,b",
        ),
        (
            {"signature_name": "scalar", "instances": [{"a": 1, "b": 1}]},
            "Tensor name: mean has no shape information ",
        ),
    ],
)
def test_several_inputs_have_refusals_of_their_own(rest: Rest, body: dict, text: str):
    assert _error(rest, PAIR, body) == (400, text)


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (400, {"signature_name": "nothing", "inputs": {}}, "Failed to get input map for signature: nothing"),
        (400, {"signature_name": "text", "inputs": [{"b64": "!"}]}, "Unable to base64 decode"),
        (
            400,
            {"signature_name": "text", "inputs": [{"b64": 5}]},
            'JSON Value: {\n    "b64": 5\n} not formatted correctly for base64 data',
        ),
        (501, {"signature_name": "half", "inputs": [1]}, "Conversion of JSON Value: 1 to type: half"),
        (
            400,
            {"signature_name": "half", "instances": [1]},
            "Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED:"
            " Conversion of JSON Value: 1 to type: half",
        ),
        (
            400,
            {"signature_name": "tiny", "inputs": [2**31]},
            "JSON Value: 2147483648 Type: Number is not of expected type: uint8",
        ),
        (
            400,
            {"signature_name": "boolean", "inputs": [1]},
            "JSON Value: 1 Type: Number is not of expected type: bool",
        ),
        (
            400,
            {"signature_name": "outputs", "inputs": [1]},
            "Failed to write JSON value for tensor type: half",
        ),
        (
            400,
            {"signature_name": "batches", "instances": [1]},
            "Tensor name: twice has inconsistent batch size: 2 expecting: 1",
        ),
    ],
)
def test_element_types_have_refusals_of_their_own(rest: Rest, status: int, body: dict, text: str):
    assert _error(rest, KINDS, body) == (status, text)


def test_bad_json_is_refused_before_the_model_is_looked_for(rest: Rest):
    assert _error(rest, "/v1/models/absent:predict", "{")[0] == 400
    assert _error(rest, "/v1/models/absent:predict", "{}")[0] == 404

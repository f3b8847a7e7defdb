import contextlib
import json
import math

import pytest
from hypothesis import given, strategies as st

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.codecs.json_parser import _ExactParser, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(VALUES, st.booleans())
def test_both_parsers_read_what_was_written(value, ascii_only):
    body = json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()
    assert parse_json(body) == value
    assert _ExactParser(body).document() == value


@given(st.binary())
def test_any_bytes_give_a_value_or_a_sentence(body):
    with contextlib.suppress(InvalidArgumentError):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
        (b'{"a": 1} and more', {"a": 1}),
        (b'{"a": 1, "b": 2, "a": 3}', {"a": 1, "b": 2}),
        (b"[Inf, -Inf, Infinity]", [math.inf, -math.inf, math.inf]),
        (b'"\\ud83d\\ude00\\/"', "\U0001f600/"),
        (b'"\xff"', "\udcff"),
        (b"[18446744073709551615, 1e5, -0.5]", [2**64 - 1, 1e5, -0.5]),
        (b"[1e-999]", [0.0]),
    ],
)
def test_it_is_as_lenient_as_rapidjson(body, value):
    assert parse_json(body) == value


@pytest.mark.parametrize("parse", [parse_json, lambda body: _ExactParser(body).document()])
def test_an_integer_beyond_64_bits_is_a_double(parse):
    value = parse(b"18446744073709551616")
    assert (value, type(value)) == (2.0**64, float)


@pytest.mark.parametrize(
    ("body", "text", "offset"),
    [
        (b"  ", "The document is empty.", 2),
        (b"\0", "The document is empty.", 0),
        (b"Nope", "Invalid value.", 1),
        (b"[Nan]", "Invalid value.", 3),
        (b"-Inx", "Invalid value.", 3),
        (b"[Infinite]", "Invalid value.", 8),
        (b"1.x", "Miss fraction part in number.", 2),
        (b"{1}", "Missing a name for object member.", 1),
        (b'{"a":1,}', "Missing a name for object member.", 7),
        (b'{"a" 1}', "Missing a colon after a name of object member.", 5),
        (b'{"a":1 "b"}', "Missing a comma or } after an object member.", 7),
        (b"[1 2]", "Missing a comma or ] after an array element.", 3),
        (b"[1,]", "Invalid value.", 3),
        (b"[nul]", "Invalid value.", 4),
        (b"[-]", "Invalid value.", 2),
        (b"[1.]", "Miss fraction part in number.", 3),
        (b"[1e]", "Miss exponent in number.", 3),
        (b"[1e400]", "Number too big to be stored in double.", 1),
        (b'["a', "Missing a closing quotation mark in string.", 3),
        (b'["a\n"]', "Invalid encoding in string.", 3),
        (b'["\\x"]', "Invalid escape character in string.", 2),
        (b'["\\u00g0"]', "Incorrect hex digit after \\u escape in string.", 2),
        (b'["\\ud800"]', "The surrogate pair in string is invalid.", 2),
        (b'["\\udc00"]', "The surrogate pair in string is invalid.", 2),
    ],
)
def test_a_parse_error_names_its_place(body, text, offset):
    with pytest.raises(InvalidArgumentError) as caught:
        parse_json(body)
    assert str(caught.value) == f"JSON Parse error: {text} at offset: {offset}"

import contextlib
import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from keras_session5.errors import DeadlineExceededError, InvalidArgumentError
from keras_session5.server.codecs.json_parser import INFINITY, NAN, parse_json
from keras_session5.server.deadline import call_until

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text('NaInfity-"\\ ')
# All but the numbers that stand for the words.
FLOATS = st.floats(allow_nan=False).filter(lambda number: abs(number) not in (NAN, INFINITY))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | FLOATS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS.filter(lambda name: "\0" not in name), inner),
)


def read(body: bytes):
    return parse_json(body).to_python()


@given(VALUES, st.booleans())
def test_what_was_written_is_read_words_in_strings_too(value, ascii_only):
    assert read(json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()) == value


@given(st.binary() | st.text('[]{},:"0123456789.-eENaInfityu\\ ').map(str.encode))
def test_any_bytes_give_a_value_or_a_sentence(body):
    with contextlib.suppress(InvalidArgumentError):
        read(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf {"a": 1}', {"a": 1}),
        (b'{"a": 1, "b": 2, "a": 3}', {"a": 1, "b": 2}),
        (b'[{"a": [1], "a": 2}]', [{"a": [1]}]),
        (b"{" + b'"a": [1],' * 2000 + b'"b": {"c": [NaN]}, "a": 3}', {"a": [1], "b": {"c": [math.nan]}}),
        (b'{"Infinity": [Inf, -Inf, Infinity,-Infinity]}', {"Infinity": [math.inf, -math.inf] * 2}),
        (b'["NaN", "\\"NaN\\\\", 1]', ["NaN", '"NaN\\', 1]),
        (b'"\\ud83d\\ude00\\/"', "\U0001f600/"),
        (b"[18446744073709551615, 1e5, -0.5]", [2**64 - 1, 1e5, -0.5]),
        (b"[1e-999]", [0.0]),
    ],
)
def test_what_tensorflow_serving_reads_is_read(body, value):
    np.testing.assert_equal(read(body), value)


def test_nan_is_a_number_but_not_part_of_one():
    assert math.isnan(read(b"[NaN]")[0])
    for body in (b"[1NaN]", b"[-NaN]", b"[NaN1]", b"[NaNNaN]", b"[Infinite]"):
        with pytest.raises(InvalidArgumentError):
            read(body)


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"  ",
            b"\0",
            b"Nope",
            b"[1.]",
            b"[1 2]",
            b"[1,]",
            b'["a',
            b'["\\x"]',
            b'["\\ud800"]',
            b'["\xff"]',
        ),
        *(b"{1}", b'{"a":1,}', b'{"a" 1}', b'{"a": 1} and more', b"[1e400]", b"[18446744073709551616]"),
        *(b'{"a\\u0000": 1}', b"[" * 2000 + b"]" * 2000, b"[" * 10**6),
    ],
)
def test_a_parse_error_is_a_sentence(body):
    with pytest.raises(InvalidArgumentError, match=r"^JSON Parse error: \w") as caught:
        read(body)
    assert len(str(caught.value)) < 200


def test_a_malformed_body_is_refused_without_reading_it_in_python():
    with pytest.raises(InvalidArgumentError, match=r"^JSON Parse error: "):
        call_until(0.0, parse_json, b'{"instances":[' + b"[0,1],  " * 2**17)


def test_a_document_of_a_thousand_levels_is_read_or_refused():
    for depth in (500, 900, 1023):
        with contextlib.suppress(InvalidArgumentError):
            assert read(b'{"a":' * depth + b"1" + b"}" * depth)["a"]


@pytest.mark.parametrize("body", [b"[[1],[2]]", b'{"a": ["x"]}', b'["x", NaN]'])
def test_reading_ends_with_the_requests_time(body):
    assert call_until(math.inf, read, body)
    with pytest.raises(DeadlineExceededError):
        call_until(0.0, read, body)
    assert read(body)  # the thread's next request has its own time

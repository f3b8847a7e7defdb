import pytest

from keras_session5.client import connect
from keras_session5.client.address import Address, parse
from keras_session5.errors import ArgumentError


@pytest.mark.parametrize(
    ("text", "scheme", "target", "prefix"),
    [
        ("127.0.0.1:8500", "grpc", "127.0.0.1:8500", ""),
        ("grpc://model_server-1:8500", "grpc", "model_server-1:8500", ""),
        ("[::1]:8500", "grpc", "[::1]:8500", ""),
        ("unix:/run/s5.sock", "grpc", "unix:/run/s5.sock", ""),
        ("unix:///run/s5.sock", "grpc", "unix:///run/s5.sock", ""),
        ("http://127.0.0.1:8501", "http", "127.0.0.1:8501", ""),
        ("http://127.0.0.1:8501/", "http", "127.0.0.1:8501", ""),
        ("http://[::1]:8501", "http", "[::1]:8501", ""),
        ("http://host", "http", "host:80", ""),
        ("https://host", "https", "host:443", ""),
        ("https://host/serving/", "https", "host:443", "/serving"),
    ],
)
def test_an_address_says_its_transport(text: str, scheme: str, target: str, prefix: str) -> None:
    assert parse(text) == Address(text, scheme, target, prefix)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:http",
        ":8500",
        "a b:8500",
        "host\n:8500",
        "http://",
        "http://:8501",
        "http://[::1",
        "http://host:port",
        "http://user@host:8501",
        "http://host:8501/?a=b",
        "http://host:8501/a b",
        "ftp://host:21",
        "unix:",
        8501,
        None,
    ],
)
def test_a_wrong_address_is_refused_with_examples(text: object) -> None:
    with pytest.raises(ArgumentError, match=r"http://127\.0\.0\.1:8501.*Received: address="):
        connect(text)  # pyright: ignore[reportArgumentType]

"""Parses a server's address."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from keras_session5.errors import ArgumentError

_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):(\d+)", re.ASCII)


@dataclass(frozen=True)
class Address:
    """Where a server listens.

    Attributes:
        text: the address as passed by the caller, for messages.
        scheme: `"http"`, `"https"` or `"grpc"`.
        target: `host:port`, or `unix:/path` (gRPC only).
        prefix: path before `/v1/models` (REST only), without a slash at its end; usually empty.
    """

    text: str
    scheme: str
    target: str
    prefix: str = ""


def parse(text: Any) -> Address:
    """Returns the parsed address.

    Raises:
        ArgumentError: if `text` has none of the supported forms.
    """
    if isinstance(text, str) and text.isprintable():
        found = _parse_rest(text) if text.startswith(("http://", "https://")) else _parse_grpc(text)
        if found is not None:
            return found
    raise ArgumentError(
        "`address` must be the address of a REST API (http://127.0.0.1:8501) or a gRPC API (127.0.0.1:8500, "
        f"grpc://127.0.0.1:8500, unix:/path/to/socket). Received: address={text!r}"
    )


def _parse_rest(text: str) -> Address | None:
    try:
        parts = urlsplit(text)
    except ValueError:  # an unclosed bracket
        return None
    default_port = {"http": 80, "https": 443}[parts.scheme]
    netloc = parts.netloc if re.search(r":\d*$", parts.netloc) else f"{parts.netloc}:{default_port}"
    if parts.query or parts.fragment or not re.fullmatch("[!-~]*", parts.path) or not _is_target(netloc):
        return None
    return Address(text, parts.scheme, netloc, parts.path.rstrip("/"))


def _parse_grpc(text: str) -> Address | None:
    if re.fullmatch(r"unix:(//)?/.+", text):
        return Address(text, "grpc", text)
    target = text.removeprefix("grpc://")
    return Address(text, "grpc", target) if _is_target(target) else None


def _is_target(text: str) -> bool:
    match = _HOST_AND_PORT.fullmatch(text)
    return match is not None and 0 < int(match[2]) < 65536

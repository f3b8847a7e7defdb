"""How large a body may be, and all of them together."""

import asyncio
import gzip
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from keras_session5.server import Server
from keras_session5.server.bodies import Bodies, BodyError
from keras_session5.server.config import ModelConfig
from keras_session5.server.core import Core
from keras_session5.server.metrics import Metrics
from keras_session5.server.repository import Repository
from keras_session5.server.settings import Settings

from .asking import Rest

PATH = "/v1/models/half:predict"
LARGEST = 2**20
SMALL = b'{"instances": [1]}'
TOO_LARGE = (
    f"The request's body must have at most {LARGEST} bytes. Received: at least {LARGEST + 1}. Send fewer"
)


@pytest.fixture(scope="module")
def limited(saved: Path) -> Iterator[Rest]:
    """A server that takes bodies of a mebibyte."""
    settings = Settings(grpc_port=0, rest_port=0, rest_api_max_body_bytes=LARGEST)
    with Server([ModelConfig("half", str(saved / "half"))], settings).start() as server:
        server.wait_for_models(60)
        client = Rest(server.rest_address)
        yield client
        client.close()


def _connect(rest: Rest) -> socket.socket:
    return socket.create_connection((rest.connection.host, rest.connection.port), 60)


def _head(*headers: str) -> bytes:
    return "\r\n".join([f"POST {PATH} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def _answer(connection: socket.socket) -> tuple[int, str]:
    data = b""
    while part := connection.recv(2**16):
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


def test_the_largest_body_is_answered_and_a_larger_one_refused(limited: Rest):
    body = SMALL + b" " * (LARGEST - len(SMALL))
    assert limited.request("POST", PATH, body)[0] == 200
    status, reply = limited.request("POST", PATH, body + b" ")
    assert status == 413
    assert json.loads(reply)["error"].startswith(TOO_LARGE)
    assert limited.request("POST", PATH, SMALL)[0] == 200


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(limited: Rest):
    with _connect(limited) as connection:
        connection.sendall(_head(f"Content-Length: {LARGEST + 1}", "Expect: 100-continue"))
        assert connection.recv(2**16).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_counted_as_it_comes(limited: Rest):
    with _connect(limited) as connection:
        connection.sendall(_head("Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(LARGEST // 0x10000 + 1):
            connection.sendall(chunk)
        connection.sendall(b"0\r\n\r\n")
        status, text = _answer(connection)
    assert status == 413
    assert text.startswith(f"The request's body must have at most {LARGEST} bytes.")


def test_a_zipped_body_is_limited_after_unpacking(limited: Rest):
    headers = {"Content-Encoding": "gzip"}
    assert limited.request("POST", PATH, gzip.compress(SMALL + b" " * 10_000), headers)[0] == 200
    bomb = gzip.compress(bytes(100 * LARGEST))
    assert len(bomb) < LARGEST
    status, reply = limited.request("POST", PATH, bomb, headers)
    assert status == 413
    assert json.loads(reply)["error"].startswith(TOO_LARGE)


async def _read(bodies: Bodies, parts: list[bytes], then: Callable[[], Awaitable] | None = None) -> bytes:
    """Reads a body that comes in parts, and does something while it is in memory."""
    last = len(parts) - 1
    messages = [{"type": "http.request", "body": p, "more_body": i < last} for i, p in enumerate(parts)]

    async def receive() -> dict:
        return messages.pop(0) if messages else await asyncio.sleep(60, {})

    async with bodies.read({}, receive) as body:
        if then:
            await then()
        assert body is not None
        return body


def test_large_bodies_are_limited_together_and_small_ones_come_through():
    bodies, large = Bodies(LARGEST, 60), [bytes(LARGEST - 1), b"x"]

    async def four_at_once(then: Callable[[], Awaitable]) -> None:
        for _ in range(3):
            inner = then
            then = lambda inner=inner: _read(bodies, large, inner)  # noqa: E731
        await _read(bodies, large, then)

    async def one_more() -> None:
        assert await _read(bodies, [SMALL]) == SMALL
        with pytest.raises(BodyError, match="Too many large requests at once") as caught:
            await _read(bodies, large)
        assert caught.value.status == 503

    asyncio.run(four_at_once(one_more))
    assert asyncio.run(_read(bodies, large)) == b"".join(large)  # what was held has been given back


def test_a_body_whose_rest_does_not_come_is_given_up():
    with pytest.raises(BodyError, match="did not arrive in time") as caught:
        asyncio.run(_read(Bodies(LARGEST, 0.05), []))
    assert caught.value.status == 408


def test_large_bodies_are_read_one_at_a_time():
    """What a thread makes of one takes many times its size in memory, and the time of all other threads."""
    core = Core(cast(Repository, None), ThreadPoolExecutor(8))
    record = Metrics().request("predict", "REST")
    reading, most = [0], [0]

    def read() -> None:
        reading[0] += 1
        most[0] = max(most[0], reading[0])
        time.sleep(0.01)
        reading[0] -= 1

    async def ten() -> None:
        with record:
            await asyncio.gather(*(core._call_off_loop(record, 10 * LARGEST, read) for _ in range(10)))

    asyncio.run(ten())
    assert most == [1]

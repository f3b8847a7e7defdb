"""Connections that wait for a request."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from keras_session5.server import Server
from keras_session5.server.config import ModelConfig
from keras_session5.server.settings import Settings

from .asking import Rest

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def impatient(saved: Path) -> Iterator[Server]:
    """A server that waits half a second for headers and one for the next request, on ten connections."""
    settings = Settings(
        grpc_port=0,
        rest_port=0,
        rest_api_header_timeout_in_ms=500,
        rest_api_idle_timeout_in_ms=1000,
        rest_api_max_connections=10,
    )
    with Server([ModelConfig("half", str(saved / "half"))], settings).start() as server:
        server.wait_for_models(60)
        yield server


def _connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.rest_address.rpartition(":")[2])), 60)


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1000) == b""
    except ConnectionError:
        return True


def test_a_connection_that_sends_nothing_is_closed(impatient: Server):
    with _connect(impatient) as connection:
        assert _is_closed(connection)


def test_a_header_that_trickles_in_is_given_up(impatient: Server):
    with _connect(impatient) as connection:
        for _ in range(600):
            try:
                connection.sendall(b"G")
                time.sleep(0.1)
            except OSError:
                return
    pytest.fail("the header was waited for")


def test_a_connection_is_kept_for_the_next_request_and_closed_after_it(impatient: Server):
    with _connect(impatient) as connection:
        for _ in range(3):
            connection.sendall(REQUEST)
            assert connection.recv(1000).endswith(b"ok\n")
        connection.sendall(REQUEST[:5])  # the next one begins, and goes no further
        assert _is_closed(connection)


def test_idle_connections_make_room_for_new_ones(impatient: Server):
    with ExitStack() as stack:
        idle = [stack.enter_context(_connect(impatient)) for _ in range(30)]
        rest = Rest(impatient.rest_address)
        assert rest.request("GET", "/healthz")[0] == 200
        rest.close()
        assert all(map(_is_closed, idle))


def test_a_grpc_connection_that_says_nothing_is_closed(saved: Path):
    settings = Settings(grpc_port=0, grpc_channel_arguments="grpc.server_handshake_timeout_ms=500")
    with Server([ModelConfig("half", str(saved / "half"))], settings).start() as server:
        port = int(server.grpc_address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            while connection.recv(1000):  # its own greeting
                pass

"""What goes wrong between a client and what answers at an address: always a sentence, never a bare error."""

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from keras_session5.client import connect
from keras_session5.errors import (
    CancelledError,
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
    ServingError,
    UnavailableError,
    UnimplementedError,
    UnknownError,
)

from . import fake_rest
from .fake_grpc import serve_grpc
from .fake_rest import QuietHandler, serve_http, serve_rest
from .fake_serving import FakeServing, wait_until

PREFIXES = pytest.mark.parametrize("prefix", ["", "http://"], ids=["grpc", "rest"])


@contextlib.contextmanager
def listen(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Yields the address of a server that handles each connection with `talk`, then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(ConnectionError):
                    talk(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextlib.contextmanager
def answering(status: int, media_type: str, body: bytes) -> Iterator[str]:
    """Yields the address of a web server that gives the same answer to everything."""
    methods = {"do_GET": lambda handler: handler.answer(body, status, media_type)}
    with serve_http(type("Handler", (QuietHandler,), methods)) as target:
        yield f"http://{target}"


@PREFIXES
def test_nobody_listens(prefix: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        connect(f"{prefix}127.0.0.1:{port}") as client,
        pytest.raises(
            UnavailableError, match=rf"^No model server answers at {prefix}127\.0\.0\.1:{port} .*serve"
        ),
    ):
        client.status("m")


@PREFIXES
def test_a_host_that_does_not_exist(prefix: str) -> None:
    with (
        connect(f"{prefix}no-such-host.invalid:8500") as client,
        pytest.raises((UnavailableError, DeadlineExceededError), match=r"no-such-host\.invalid"),
    ):
        client.status("m", timeout_s=3)


def test_a_socket_that_does_not_exist(tmp_path: Any) -> None:
    with (
        connect(f"unix:{tmp_path}/none") as client,
        pytest.raises(UnavailableError, match="No model server answers at unix:"),
    ):
        client.status("m")


@PREFIXES
def test_a_server_that_never_answers(prefix: str) -> None:
    over = threading.Event()
    with listen(lambda connection: over.wait(60)) as target:
        with (
            connect(prefix + target, timeout_s=0.2) as client,
            pytest.raises(DeadlineExceededError, match=r"did not answer within 0\.2 s"),
        ):
            client.status("m")
        over.set()


@PREFIXES
def test_a_server_that_closes_the_connection(prefix: str) -> None:
    with (
        listen(lambda connection: None) as target,
        connect(prefix + target) as client,
        pytest.raises(UnavailableError, match=target),
    ):
        client.status("m")


def test_an_answer_that_trickles_in_is_cut_off_in_time() -> None:
    def trickle(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(600):  # a minute
            connection.sendall(b" ")
            time.sleep(0.1)

    with listen(trickle) as target, connect(f"http://{target}", timeout_s=0.4) as client:
        start = time.monotonic()
        with pytest.raises(DeadlineExceededError):
            client.status("m")
        assert time.monotonic() - start < 30


def test_an_answer_that_breaks_off() -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"model')

    with (
        listen(half) as target,
        connect(f"http://{target}") as client,
        pytest.raises(UnavailableError, match="closed the connection within its response"),
    ):
        client.status("m")


def test_a_connection_closed_while_it_was_idle_is_replaced() -> None:
    requests = []

    def once(connection: socket.socket) -> None:
        requests.append(connection.recv(1000))
        body = b'{"model_version_status": []}'
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with listen(once) as target, connect(f"http://{target}") as client:
        for _ in range(3):
            assert client.status("m") == []
    assert len(requests) == 3


def test_a_request_is_not_repeated_once_an_answer_has_begun() -> None:
    requests = []

    def talk(connection: socket.socket) -> None:
        while requested := connection.recv(1000):
            requests.append(requested)
            if len(requests) == 2:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
                return
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n" + b'{"model_version_status": []}'
            )

    with listen(talk) as target, connect(f"http://{target}") as client:
        assert client.status("m") == []
        with pytest.raises(UnavailableError, match="closed the connection within its response"):
            client.status("m")
    assert len(requests) == 2


def test_a_kept_connection_serves_all_calls(fake: FakeServing, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    connect_socket = http.client.HTTPConnection.connect
    monkeypatch.setattr(
        http.client.HTTPConnection, "connect", lambda self: (opened.append(1), connect_socket(self))
    )
    with serve_rest(fake) as target, connect(f"http://{target}") as client:
        client.predict("versions", {"x": [1]})
        client.status("versions")
        with pytest.raises(NotFoundError):
            client.status("nobody")
        client.status("versions")
    assert opened == [1]


@pytest.mark.parametrize(
    ("status", "media_type", "body", "kind", "text"),
    [
        (404, "text/html", b"<h1>Not Found</h1>", NotFoundError, "not TensorFlow Serving's REST API.*404"),
        (200, "text/html", b"<h1>Welcome</h1>", UnknownError, "not TensorFlow Serving's REST API.*200"),
        (503, "text/plain", b"busy", UnavailableError, "not TensorFlow Serving's REST API.*503"),
        (302, "text/html", b"", UnknownError, "not TensorFlow Serving's REST API.*302"),
        (404, "application/json", b'{"detail": "Not Found"}', NotFoundError, "not TensorFlow Serving's"),
        (200, "application/json", b'{"detail": "hello"}', UnknownError, "does not fit the request"),
        (200, "application/json", b"[1]", UnknownError, "does not fit the request"),
        (200, "application/json", b"[" * 200_000, UnknownError, "does not fit the request"),
        (429, "application/json", b'{"error": "queue is full"}', ResourceExhaustedError, "^queue is full"),
    ],
)
def test_an_answer_of_another_kind(status: int, media_type: str, body: bytes, kind: type, text: str) -> None:
    with answering(status, media_type, body) as address, connect(address) as client:
        for ask in (lambda: client.status("m"), lambda: client.metadata("m"), client.models):
            with pytest.raises(kind, match=text) as caught:
                ask()
            assert type(caught.value) is kind


def test_a_server_that_does_not_list_its_models(fake: FakeServing) -> None:
    with (
        serve_rest(fake) as target,
        connect(f"http://{target}") as client,
        pytest.raises(UnimplementedError, match=f"{target} does not list its models. Name them"),
    ):
        client.models()


@pytest.mark.parametrize("value", [[[1], [2, 3]], ["a"], {"new": [1], "old": [1]}, [1e400, "b"]])
def test_an_answer_that_does_not_fit_the_signature(
    fake: FakeServing, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_rest, "_json", lambda alias, array: value)
    with (
        serve_rest(fake) as target,
        connect(f"http://{target}") as client,
        pytest.raises(UnknownError, match="does not fit the request"),
    ):
        client.predict("versions", {"x": [1]})


def test_tls_with_a_server_that_has_none(fake: FakeServing) -> None:
    with (
        serve_rest(fake) as target,
        connect(f"https://{target}") as client,
        pytest.raises(UnavailableError, match=r"No secure connection to https://.*use http://"),
    ):
        client.status("versions")


def test_grpc_asked_of_a_rest_port(fake: FakeServing) -> None:
    with (
        serve_rest(fake) as target,
        connect(target) as client,
        pytest.raises(UnavailableError, match=f"{target} does not speak gRPC.*put http://"),
    ):
        client.status("versions")


def test_rest_asked_of_a_grpc_port(fake: FakeServing) -> None:
    with (
        serve_grpc(fake) as target,
        connect(f"http://{target}") as client,
        pytest.raises(UnknownError, match=f"http://{target} does not speak HTTP.*omit"),
    ):
        client.status("versions")


def test_a_grpc_server_of_another_kind() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with (
        connect(f"127.0.0.1:{port}") as client,
        pytest.raises(UnimplementedError, match=f":{port} is not TensorFlow Serving's gRPC API"),
    ):
        client.status("versions")
    server.stop(0).wait()


def test_a_grpc_server_that_stops_during_a_call_and_comes_back(fake: FakeServing) -> None:
    with serve_grpc(fake) as target:
        client = connect(target)
        errors: list[ServingError] = []

        def ask() -> None:
            try:
                client.predict("slow", {"x": [1]})
            except ServingError as error:
                errors.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        wait_until(lambda: "predict" in fake.asked)
    fake.stop.set()
    thread.join()
    assert isinstance(errors[0], UnavailableError)
    assert target in str(errors[0])
    with serve_grpc(fake, target):
        wait_until(lambda: _answers(client))
    client.close()


def _answers(client: Any) -> bool:
    try:
        return bool(client.status("versions"))
    except UnavailableError:
        return False


@PREFIXES
def test_a_client_closed_during_a_call(prefix: str, fake: FakeServing) -> None:
    with (serve_grpc if prefix == "" else serve_rest)(fake) as target:
        client = connect(prefix + target)

        def close() -> None:
            wait_until(lambda: "predict" in fake.asked)
            client.close()
            fake.stop.set()

        thread = threading.Thread(target=close)
        thread.start()
        try:
            answer = client.predict("slow", {"x": [1]})
            assert answer == {"x": 1}
        except CancelledError:
            assert prefix == ""
        thread.join()


def test_more_than_a_message_can_hold_is_refused(fake: FakeServing) -> None:
    huge = np.broadcast_to(np.float32(0), 2**30)  # 4 GiB for whoever copies it
    with (
        serve_grpc(fake) as target,
        connect(target) as client,
        pytest.raises(InvalidArgumentError, match=r"at most 2 GiB.*Received: 4,294,967,296 bytes"),
    ):
        client.predict("any_rank", {"x": huge})


def test_an_answer_in_chunks_is_put_together() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1000)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b'16\r\n{"model_version_status\r\n6\r\n": []}\r\n0\r\n\r\n')

    with listen(talk) as target, connect(f"http://{target}") as client:
        assert client.status("m") == []


def test_complex_numbers_need_grpc(fake: FakeServing) -> None:
    with (
        serve_rest(fake) as target,
        connect(f"http://{target}") as client,
        pytest.raises(InvalidArgumentError, match=r"REST cannot carry these inputs.*complex.*Use gRPC"),
    ):
        client.predict("versions", {"unknown": np.array([1j])})

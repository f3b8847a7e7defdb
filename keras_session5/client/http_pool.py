"""HTTP requests over persistent connections, from any number of threads."""

import contextlib
import http.client
import socket
import ssl
from dataclasses import dataclass

from keras_session5.client.address import Address
from keras_session5.client.deadline import Deadline
from keras_session5.errors import ServingError, UnavailableError, UnknownError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class HttpReply:
    """Status, media type and body of a response."""

    status: int
    media_type: str
    body: bytes


class HttpPool:
    """Sends requests to one server; keeps idle connections for reuse.

    It uses no proxy, like the gRPC transport, because a model server runs nearby.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._tls = ssl.create_default_context() if address.scheme == "https" else None
        self._idle: list[http.client.HTTPConnection] = []
        self._closed = False

    def request(self, method: str, path: str, body: bytes | None, deadline: Deadline) -> HttpReply:
        """Returns the response to one request, whatever its status.

        Raises:
            DeadlineExceededError: if the response is not complete in time.
            UnavailableError: if the server is not running or the connection is lost.
            UnknownError: if the server does not speak HTTP.
        """
        try:
            return self._send(method, path, body, deadline)
        except TimeoutError as error:
            raise deadline.error() from error
        except (OSError, http.client.HTTPException) as error:
            raise self._to_serving_error(error) from error

    def close(self) -> None:
        """Closes the idle connections; a request closes its own connection when it ends."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _send(self, method: str, path: str, body: bytes | None, deadline: Deadline) -> HttpReply:
        try:
            kept = self._idle.pop()
        except IndexError:
            kept = None
        if kept is not None:
            # If the server closed this idle connection, it may have closed the others too: open a new one.
            with contextlib.suppress(http.client.RemoteDisconnected):
                return self._exchange(kept, method, path, body, deadline)
        return self._exchange(self._open(deadline), method, path, body, deadline)

    def _open(self, deadline: Deadline) -> http.client.HTTPConnection:
        host, timeout_s = self._address.target, deadline.left_s()
        if self._tls is None:
            connection = http.client.HTTPConnection(host, timeout=timeout_s)
        else:
            connection = http.client.HTTPSConnection(host, timeout=timeout_s, context=self._tls)
        connection.response_class = _Response
        connection.connect()
        return connection

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        deadline: Deadline,
    ) -> HttpReply:
        """Sends and reads; raises `RemoteDisconnected` only if the response has no first byte."""
        sock = connection.sock  # the connection drops it if the response is its last
        try:
            sock.settimeout(deadline.left_s())
            _send_request(connection, method, path, body)
            with connection.getresponse() as response:
                content = _read_body(response, sock, deadline)
        except BaseException:
            connection.close()
            raise
        if response.will_close or self._closed:
            connection.close()
        else:
            self._idle.append(connection)
        return HttpReply(response.status, response.headers.get_content_type(), content)

    def _to_serving_error(self, error: Exception) -> ServingError:
        where = self._address.text
        if isinstance(error, ssl.SSLError):
            return UnavailableError(
                f"No secure connection to {where}: {error}. If the server speaks plain HTTP, use http://."
            )
        if isinstance(error, http.client.IncompleteRead):
            return UnavailableError(f"The model server at {where} closed the connection within its response.")
        if isinstance(error, OSError):
            return UnavailableError(
                f"No model server answers at {where} ({error}). Start one with `session5 serve`."
            )
        return UnknownError(f"The server at {where} does not speak HTTP. For a gRPC port, omit http://.")


class _Response(http.client.HTTPResponse):
    def begin(self) -> None:
        """Reads the headers; raises `RemoteDisconnected` if the connection is lost before the first byte."""
        try:
            self.fp.peek(1)
        except ConnectionError as error:
            raise http.client.RemoteDisconnected(str(error)) from error
        super().begin()


def _send_request(connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None) -> None:
    headers = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, path, body, headers)
    except ConnectionError as error:
        raise http.client.RemoteDisconnected(str(error)) from error


def _read_body(response: http.client.HTTPResponse, sock: socket.socket, deadline: Deadline) -> bytes:
    chunks, length = [], response.length
    while chunk := response.read1(_CHUNK_BYTES):
        chunks.append(chunk)
        sock.settimeout(deadline.left_s())
    content = b"".join(chunks)
    if length is not None and len(content) < length:
        raise http.client.IncompleteRead(content, length - len(content))
    return content

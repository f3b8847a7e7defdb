"""Limits the number of HTTP connections, and how long they wait for a request."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def limit_protocol(
    header_timeout_s: float, idle_timeout_s: float, max_connections: int
) -> type[asyncio.Protocol]:
    """Returns uvicorn's protocol with limits.

    Args:
        header_timeout_s: how long the headers of a request may take, from its first byte or from the opening
            of the connection.
        idle_timeout_s: how long a connection may pause between two requests.
        max_connections: a further connection replaces the one that has waited longest for a request, so that
            idle connections block no others.
    """
    waiting: dict[HttpToolsProtocol, None] = {}  # the longest-waiting first

    class _LimitedProtocol(HttpToolsProtocol):
        _timer: asyncio.TimerHandle | None = None
        _unsent = 0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)  # pyright: ignore[reportArgumentType]
            self._wait(header_timeout_s)
            if len(self.connections) > max_connections:
                next(iter(waiting)).transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            if self in waiting:
                self._wait(header_timeout_s)

        def on_headers_complete(self) -> None:
            self._stop_waiting()
            super().on_headers_complete()

        def on_response_complete(self) -> None:
            more = bool(self.pipeline)
            super().on_response_complete()
            if not more and not self.transport.is_closing():
                self._wait(idle_timeout_s)

        def _wait(self, timeout_s: float) -> None:
            self._stop_waiting()
            waiting[self] = None
            self._unsent = self.transport.get_write_buffer_size()
            self._timer = self.loop.call_later(timeout_s, self._on_timeout)

        def _stop_waiting(self) -> None:
            waiting.pop(self, None)
            if self._timer:
                self._timer.cancel()

        def _on_timeout(self) -> None:
            if self.transport.get_write_buffer_size() < self._unsent:
                self._wait(idle_timeout_s)  # the client is still reading a large response
            else:
                self.transport.abort()

    return _LimitedProtocol

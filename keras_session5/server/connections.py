"""HTTP connections that wait for a request do not wait for ever, and are not without number."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def limited_protocol(header_timeout_s: float, idle_timeout_s: float, most: int) -> type[asyncio.Protocol]:
    """Returns uvicorn's protocol with limits.

    Args:
        header_timeout_s: from the first byte of a request, or from the connection's beginning, until its
            headers must be there.
        idle_timeout_s: how long a connection may pause between two requests.
        most: connections at once. A newcomer takes the place of the one that has waited longest for a
            request, so that connections without requests keep nobody out.
    """
    waiting: dict[HttpToolsProtocol, None] = {}  # the longest first

    class _LimitedProtocol(HttpToolsProtocol):
        _timer: asyncio.TimerHandle | None = None
        _unsent = 0

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)  # pyright: ignore[reportArgumentType]
            self._wait(header_timeout_s)
            if len(self.connections) > most:
                next(iter(waiting)).transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            self._wait_no_more()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            if self in waiting:
                self._wait(header_timeout_s)

        def on_headers_complete(self) -> None:
            self._wait_no_more()
            super().on_headers_complete()

        def on_response_complete(self) -> None:
            more = bool(self.pipeline)
            super().on_response_complete()
            if not more and not self.transport.is_closing():
                self._wait(idle_timeout_s)

        def _wait(self, timeout_s: float) -> None:
            self._wait_no_more()
            waiting[self] = None
            self._unsent = self.transport.get_write_buffer_size()
            self._timer = self.loop.call_later(timeout_s, self._time_is_up)

        def _wait_no_more(self) -> None:
            waiting.pop(self, None)
            if self._timer:
                self._timer.cancel()

        def _time_is_up(self) -> None:
            if self.transport.get_write_buffer_size() < self._unsent:
                self._wait(idle_timeout_s)  # for a slow reader of a large response
            else:
                self.transport.abort()

    return _LimitedProtocol

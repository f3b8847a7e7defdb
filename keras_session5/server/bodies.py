"""Reads the bodies of HTTP requests, within limits of size, time and memory."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

# Smaller bodies do not count, so that large ones cannot block them.
_SMALL = 128 * 1024
_MAX_BODIES = 4  # of the largest size, in memory at once


class BodyError(Exception):
    """A refused body, with the HTTP status and the message of the reply."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Bodies:
    """Reads request bodies.

    Args:
        max_bytes: of one body, compressed or not.
        timeout_s: how long a body may take to arrive.
    """

    def __init__(self, max_bytes: int, timeout_s: float):
        self._max_bytes, self._timeout_s = max_bytes, timeout_s
        self._held = 0  # bytes of all bodies in memory

    @asynccontextmanager
    async def read(self, headers: Mapping[bytes, bytes], receive: Callable) -> AsyncIterator[bytes | None]:
        """Yields a body, decompressed if it is gzip; None if the client has disconnected.

        Raises:
            BodyError: the body is too large, too slow or unlike its headers, or too many are in memory.
        """
        self._check_size(int(headers.get(b"content-length", 0)))
        held = [0]  # this body's share
        try:
            try:
                async with asyncio.timeout(self._timeout_s):
                    body = await self._receive(receive, held)
            except TimeoutError:
                raise BodyError(408, "The rest of the request did not arrive in time.") from None
            if body and headers.get(b"content-encoding", b"").strip().lower() == b"gzip":
                body = await asyncio.to_thread(self._decompress, body)
                self._reserve(held, len(body))
            yield body
        finally:
            self._held -= held[0]

    async def _receive(self, receive: Callable, held: list[int]) -> bytes | None:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            self._check_size(size)
            if size > _SMALL:
                self._reserve(held, size - held[0])
            if not message.get("more_body", False):
                return b"".join(parts)

    def _check_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise BodyError(
                413,
                f"The request's body must have at most {self._max_bytes} bytes. Received: at least {size}."
                " Send fewer instances at once, or start the server with a larger --rest_api_max_body_bytes.",
            )

    def _reserve(self, held: list[int], size: int) -> None:
        if self._held + size > _MAX_BODIES * self._max_bytes:
            raise BodyError(503, "Too many large requests at once. Send this one again later.")
        self._held += size
        held[0] += size

    def _decompress(self, body: bytes) -> bytes:
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            plain = unzip.decompress(body, self._max_bytes + 1)
        except zlib.error as error:
            raise BodyError(
                400, "The request's body is not gzip, although its Content-Encoding says so."
            ) from error
        self._check_size(len(plain))
        if not unzip.eof:
            raise BodyError(400, "The request's gzip body is cut off.")
        return plain

"""The bodies of HTTP requests: how large one may be, and how much memory all of them may take."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

# Smaller ones are not counted: large ones must not keep them out.
_SMALL = 128 * 1024
_MOST_LARGEST = 4  # bodies of the largest size that may be in memory at once


class BodyError(Exception):
    """A body that is not read, with the HTTP status and the sentence to answer."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class Bodies:
    """Reads bodies.

    Args:
        largest: bytes of one body, packed or not.
        timeout_s: how long a body may take to arrive.
    """

    def __init__(self, largest: int, timeout_s: float):
        self._largest, self._timeout_s = largest, timeout_s
        self._held = 0  # bytes of all that are in memory now

    @asynccontextmanager
    async def read(self, headers: Mapping[bytes, bytes], receive: Callable) -> AsyncIterator[bytes | None]:
        """Lends a body, unpacked where it is gzip; None if the client has gone away.

        Raises:
            BodyError: it is too large, too slow or not what its headers say, or too many are in memory.
        """
        self._check_size(int(headers.get(b"content-length", 0)))
        held = [0]  # of which so much is this body's
        try:
            try:
                async with asyncio.timeout(self._timeout_s):
                    body = await self._receive(receive, held)
            except TimeoutError:
                raise BodyError(408, "The rest of the request did not come in time.") from None
            if body and headers.get(b"content-encoding", b"").strip().lower() == b"gzip":
                body = await asyncio.to_thread(self._unzipped, body)
                self._hold(held, len(body))
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
                self._hold(held, size - held[0])
            if not message.get("more_body", False):
                return b"".join(parts)

    def _check_size(self, size: int) -> None:
        if size > self._largest:
            raise BodyError(
                413,
                f"The request's body must have at most {self._largest} bytes. Received: at least {size}. Send"
                " fewer instances at once, or start the server with a larger --rest_api_max_body_bytes.",
            )

    def _hold(self, held: list[int], size: int) -> None:
        if self._held + size > _MOST_LARGEST * self._largest:
            raise BodyError(503, "Too many large requests at once. Send this one again later.")
        self._held += size
        held[0] += size

    def _unzipped(self, body: bytes) -> bytes:
        unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            plain = unzip.decompress(body, self._largest + 1)
        except zlib.error as error:
            raise BodyError(400, "The request's body is not gzip as its Content-Encoding says.") from error
        self._check_size(len(plain))
        if not unzip.eof:
            raise BodyError(400, "The request's gzip body is cut off.")
        return plain

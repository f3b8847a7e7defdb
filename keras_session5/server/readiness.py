"""The current readiness of the server."""

import asyncio
import contextlib

from keras_session5.server.repository import Repository


class Readiness:
    """The state behind the health checks of both transports.

    Args:
        repository: holds the models; notifies this object of changes.

    Attributes:
        stopping: whether the server refuses new requests.
    """

    def __init__(self, repository: Repository):
        self._repository = repository
        self.stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        repository.on_change = self._notify

    def is_ready(self) -> bool:
        """Whether the server is not stopping and every configured model has an available version."""
        return not self.stopping and not self.problems()

    def problems(self) -> dict[str, str]:
        """Returns the reason for each model that cannot be served."""
        return self._repository.problems()

    def models(self) -> list[str]:
        """Returns the names of the configured models."""
        return [config.name for config in self._repository.configs()]

    def serves(self, name: str) -> bool | None:
        """Whether a model can be served now; None if it is not configured."""
        serves = self._repository.serves(name)
        return serves and not self.stopping

    def stop(self) -> None:
        """Marks the server as stopping; thread-safe."""
        self.stopping = True
        self._notify()

    def next_change(self) -> asyncio.Event:
        """Returns an event that the next change sets; must be called on the event loop.

        A caller that gets the event before it reads the state misses no change.
        """
        self._loop = asyncio.get_running_loop()
        return self._changed

    def _notify(self) -> None:
        if self._loop:
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

"""Rereads `models.config` periodically, so that it can change while the server runs."""

import logging
import threading
from collections.abc import Callable

from keras_session5.errors import ServingError
from keras_session5.server.config import ModelConfig

log = logging.getLogger(__name__)


class ConfigWatcher:
    """Reads a configuration every `period_s`, in a thread of its own; a context manager.

    Errors are logged and leave the old configuration in force.

    Args:
        read: reads the configuration; returns None if there is none.
        reload: applies it.
        period_s: the pause before each reading.
    """

    def __init__(
        self,
        read: Callable[[], list[ModelConfig] | None],
        reload: Callable[[list[ModelConfig]], None],
        period_s: float,
    ):
        self._read, self._reload = read, reload
        self._period_s = min(period_s, threading.TIMEOUT_MAX)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="config-watcher", daemon=True)

    def __enter__(self) -> "ConfigWatcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._period_s):
            try:
                configs = self._read()
            except ServingError as error:
                log.error("Failed to read ModelServerConfig file: %s", error)
                continue
            if configs is None:
                log.info("Taking no action for empty config.")
                continue
            try:
                self._reload(configs)
            except ServingError as error:
                log.error("PollFilesystemAndReloadConfig failed to ReloadConfig: %s", error)

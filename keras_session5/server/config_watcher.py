"""Reads a `models.config` again and again, so that it can be changed while the server runs."""

import logging
import threading
from collections.abc import Callable

from keras_session5.errors import ServingError

log = logging.getLogger(__name__)


class ConfigWatcher:
    """Calls `reload` every `period_s`, in a thread of its own; a context manager.

    Args:
        reload: reads the configuration and puts it in force; if it raises `ServingError`, that is logged and
            the old configuration stays.
        period_s: how long to wait before each time.
    """

    def __init__(self, reload: Callable[[], None], period_s: float):
        self._reload = reload
        self._period_s = period_s
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="config-watcher", daemon=True)

    def __enter__(self) -> "ConfigWatcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._leave.wait(self._period_s):
            try:
                self._reload()
            except ServingError as error:
                log.error("Failed to read ModelServerConfig file: %s", error)

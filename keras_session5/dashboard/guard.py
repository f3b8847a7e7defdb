"""Protection of a training against failures of its dashboard."""

import functools
import logging
from collections.abc import Callable
from typing import Any

logger = logging.getLogger("keras_session5")


def warn_on_failure(write: Callable[..., None]) -> Callable[..., None]:
    """Decorates a method: its first failure logs a warning, and later calls do nothing.

    The object needs the attributes `directory`, for the warning, and `failed`.
    """

    @functools.wraps(write)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.failed:
            return
        try:
            write(self, *args, **kwargs)
        except Exception as error:  # of any kind: training must not end because of its dashboard
            self.failed = True
            reason = getattr(error, "strerror", None) or getattr(error, "message", None) or repr(error)
            logger.warning("The dashboard of %s stops here; training continues: %s", self.directory, reason)

    return guarded

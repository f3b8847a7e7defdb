"""What keeps a dashboard from ending a training."""

import functools
import logging

logger = logging.getLogger("keras_session5")


def or_a_warning(write):
    """Makes one warning of what keeps a method from writing, which writes nothing from then on.

    Its object has a `directory`, which the warning names, and an attribute `failed`.
    """

    @functools.wraps(write)
    def guarded(self, *args, **kwargs):
        if self.failed:
            return
        try:
            write(self, *args, **kwargs)
        except Exception as error:  # whatever it is: nothing that is only looked at ends a training
            self.failed = True
            reason = getattr(error, "strerror", None) or getattr(error, "message", None) or repr(error)
            logger.warning("The dashboard of %s ends here, training goes on: %s", self.directory, reason)

    return guarded

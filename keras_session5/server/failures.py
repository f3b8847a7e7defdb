"""Turns exceptions into errors for clients."""

import logging
import uuid

from keras_session5.errors import InternalError, ResourceExhaustedError, ServingError

log = logging.getLogger(__name__)


def to_serving_error(error: Exception) -> ServingError:
    """Returns the error to send: `error` itself if it was raised on purpose, else a neutral one.

    An unexpected error is logged with an id; the client gets the id but no internal details.
    """
    if isinstance(error, ServingError):
        return error
    if isinstance(error, MemoryError):
        return ResourceExhaustedError("The request needs more memory than the server has.")
    request_id = uuid.uuid4().hex[:12]
    log.error("Request %s failed unexpectedly", request_id, exc_info=error)
    return InternalError(
        f"The server failed to answer. Its log has the reason under request id {request_id}."
    )

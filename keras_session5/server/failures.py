"""What a caller is told when something goes wrong."""

import logging
import uuid

from keras_session5.errors import InternalError, ResourceExhaustedError, ServingError

log = logging.getLogger(__name__)


def to_serving_error(error: Exception) -> ServingError:
    """Returns the error to send: itself if it was raised on purpose, else a neutral one.

    What was not foreseen is logged with an id, and the caller gets the id but no inner details.
    """
    if isinstance(error, ServingError):
        return error
    if isinstance(error, MemoryError):
        return ResourceExhaustedError("The request needs more memory than there is.")
    request_id = uuid.uuid4().hex[:12]
    log.error("Request %s failed unexpectedly", request_id, exc_info=error)
    return InternalError(
        f"The server could not answer. Its log has the reason under request id {request_id}."
    )

"""The exceptions of the package, as a tree::

    Session5Error
    ├── ArgumentError             a wrong argument or setting (command line: exit status 2)
    ├── DataError                 an unavailable data set, or an invalid file
    ├── DiskError                 a file that cannot be written, as on a full disk
    ├── TrainingError             a run that failed or cannot be resumed
    ├── ProcessError              a process of a training that ended unexpectedly
    ├── ExportError               a model that cannot be exported, or an export that differs from it
    └── ServingError              an error reply of a model server, with the canonical status code
        ├── CancelledError              CANCELLED             1   499
        ├── UnknownError                UNKNOWN               2   500
        ├── InvalidArgumentError        INVALID_ARGUMENT      3   400
        ├── DeadlineExceededError       DEADLINE_EXCEEDED     4   504
        ├── NotFoundError               NOT_FOUND             5   404
        ├── AlreadyExistsError          ALREADY_EXISTS        6   409
        ├── PermissionDeniedError       PERMISSION_DENIED     7   403
        ├── ResourceExhaustedError      RESOURCE_EXHAUSTED    8   429
        ├── FailedPreconditionError     FAILED_PRECONDITION   9   400
        ├── AbortedError                ABORTED              10   409
        ├── OutOfRangeError             OUT_OF_RANGE         11   400
        ├── UnimplementedError          UNIMPLEMENTED        12   501
        ├── InternalError               INTERNAL             13   500
        ├── UnavailableError            UNAVAILABLE          14   503
        ├── DataLossError               DATA_LOSS            15   500
        └── UnauthenticatedError        UNAUTHENTICATED      16   401

The canonical codes and their HTTP statuses are those of TensorFlow Serving's REST API.
"""

import re


class Session5Error(Exception):
    """The base of all exceptions that this package raises on purpose."""

    @property
    def sentence(self) -> str:
        """The message in the form for people."""
        return str(self)


class ArgumentError(Session5Error, ValueError):
    """A wrong argument: the expected value, the received one and the way out."""


class DataError(Session5Error):
    """An unavailable data set, or an invalid file."""


class DiskError(Session5Error, OSError):
    """A file that cannot be written: its name, the system's reason and the way out."""


class TrainingError(Session5Error):
    """A training run that failed or cannot be resumed."""


class ProcessError(Session5Error, OSError):
    """A process of a training that ended unexpectedly; its run can be resumed."""


class ExportError(Session5Error):
    """A model that cannot be exported, or an export that differs from it."""


class ServingError(Session5Error):
    """An error reply of a model server.

    Attributes:
        code: canonical status name, such as `"NOT_FOUND"`.
        number: its number, as gRPC sends it.
        http_status: the HTTP status of the reply.
    """

    code = "UNKNOWN"
    number = 2
    http_status = 500

    @property
    def sentence(self) -> str:
        """The message without the graph locations that TensorFlow adds."""
        text = re.sub(r"\s*\[\[\{\{.*|\{\{.*?\}\} ?", "", str(self), flags=re.DOTALL)
        assertion = re.fullmatch(r"assertion failed: \[(.*)\]", text, re.DOTALL)
        return assertion[1].replace("] [", " ") if assertion else text

    @staticmethod
    def of(code: str | int, message: str) -> "ServingError":
        """Returns the error for a canonical code, by its name or its number.

        A code that does not exist gives an `UnknownError`.
        """
        return _BY_CODE.get(code, UnknownError)(message)

    @staticmethod
    def of_http(status: int, message: str) -> "ServingError":
        """Returns the error for an HTTP status; the most common one if several share it.

        400 is `InvalidArgumentError` (also sent for FAILED_PRECONDITION and OUT_OF_RANGE).
        """
        return _BY_HTTP.get(status, UnknownError)(message)


class CancelledError(ServingError):
    code, number, http_status = "CANCELLED", 1, 499


class UnknownError(ServingError):
    code, number, http_status = "UNKNOWN", 2, 500


class InvalidArgumentError(ServingError):
    code, number, http_status = "INVALID_ARGUMENT", 3, 400


class DeadlineExceededError(ServingError):
    code, number, http_status = "DEADLINE_EXCEEDED", 4, 504


class NotFoundError(ServingError):
    code, number, http_status = "NOT_FOUND", 5, 404


class AlreadyExistsError(ServingError):
    code, number, http_status = "ALREADY_EXISTS", 6, 409


class PermissionDeniedError(ServingError):
    code, number, http_status = "PERMISSION_DENIED", 7, 403


class ResourceExhaustedError(ServingError):
    code, number, http_status = "RESOURCE_EXHAUSTED", 8, 429


class FailedPreconditionError(ServingError):
    code, number, http_status = "FAILED_PRECONDITION", 9, 400


class AbortedError(ServingError):
    code, number, http_status = "ABORTED", 10, 409


class OutOfRangeError(ServingError):
    code, number, http_status = "OUT_OF_RANGE", 11, 400


class UnimplementedError(ServingError):
    code, number, http_status = "UNIMPLEMENTED", 12, 501


class InternalError(ServingError):
    code, number, http_status = "INTERNAL", 13, 500


class UnavailableError(ServingError):
    code, number, http_status = "UNAVAILABLE", 14, 503


class DataLossError(ServingError):
    code, number, http_status = "DATA_LOSS", 15, 500


class UnauthenticatedError(ServingError):
    code, number, http_status = "UNAUTHENTICATED", 16, 401


def shorten(error: BaseException) -> str:
    """Returns the first line of an error's text, after the one in which Keras names the layer."""
    text = re.sub(r"\x1b\[\d*m|^Exception encountered when calling .*$", "", str(error), flags=re.MULTILINE)
    return next(filter(None, map(str.strip, text.splitlines())), type(error).__name__)


_CODES = ServingError.__subclasses__()
_BY_CODE: dict[str | int, type[ServingError]] = {key: e for e in _CODES for key in (e.code, e.number)}
_BY_HTTP: dict[int, type[ServingError]] = {e.http_status: e for e in reversed(_CODES)} | {
    500: InternalError,
}

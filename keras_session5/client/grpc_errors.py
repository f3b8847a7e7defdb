"""Translates failed gRPC calls.

gRPC uses the same codes for its own errors (connection refused or lost) and for the server's. Only the text
distinguishes them.
"""

from typing import Any

from keras_session5.client.deadline import Deadline
from keras_session5.errors import ServingError, UnavailableError, UnimplementedError

_UNREACHABLE = ("failed to connect", "errors resolving", "DNS resolution failed")
_LOST = ("Socket closed", "Cancelling all calls", "recvmsg:", "Connection reset", "Broken pipe", "GOAWAY")
_FOREIGN = ("Method not found", "unknown service", "unknown method", "Received http2 header")


def to_serving_error(error: Any, where: str, deadline: Deadline) -> ServingError:
    """Returns the exception for a `grpc.RpcError`, with the server's own text unchanged.

    Args:
        error: the failed call.
        where: the server's address, for the message.
        deadline: the call's deadline.
    """
    code, text = error.code().name, error.details() or ""
    if code == "DEADLINE_EXCEEDED":
        return deadline.error()
    if code == "UNAVAILABLE" and text.startswith((*_UNREACHABLE, *_LOST)):
        return UnavailableError(_describe_unavailable(text, where))
    if code == "UNIMPLEMENTED" and (not text or text.startswith(_FOREIGN)):
        return UnimplementedError(
            f"The server at {where} is not TensorFlow Serving's gRPC API ({text}). "
            "Check the address; `session5 serve` prints it."
        )
    served_error = ServingError.of(code, text)
    served_error.add_note(f"Returned by the model server at {where}.")
    return served_error


def _describe_unavailable(text: str, where: str) -> str:
    if "HTTP/2" in text:
        return f"The server at {where} does not speak gRPC. For a REST port, put http:// before the address."
    if text.startswith(_LOST):
        return f"The connection to the model server at {where} was lost ({text}). Is it still running?"
    return f"No model server answers at {where} ({text}). Start one with `session5 serve`."

"""What a failed gRPC call means.

gRPC reports what it finds by itself (nobody listens, the connection broke) under the same codes as what a
server answers. Only the wording tells them apart.
"""

from typing import Any

from keras_session5.client.deadline import Deadline
from keras_session5.errors import ServingError, UnavailableError, UnimplementedError

_NOBODY = ("failed to connect", "errors resolving", "DNS resolution failed")
_LOST = ("Socket closed", "Cancelling all calls", "recvmsg:", "Connection reset", "Broken pipe", "GOAWAY")
_FOREIGN = ("Method not found", "unknown service", "unknown method", "Received http2 header")


def explain(error: Any, where: str, deadline: Deadline) -> ServingError:
    """Returns the exception for a `grpc.RpcError`; a server's own text is kept as it is.

    Args:
        error: the failed call.
        where: the server's address, for the message.
        deadline: the one that the call had.
    """
    code, text = error.code().name, error.details() or ""
    if code == "DEADLINE_EXCEEDED":
        return deadline.error()
    if code == "UNAVAILABLE" and text.startswith((*_NOBODY, *_LOST)):
        return UnavailableError(_no_answer(text, where))
    if code == "UNIMPLEMENTED" and (not text or text.startswith(_FOREIGN)):
        return UnimplementedError(
            f"What answers at {where} is not TensorFlow Serving's gRPC API ({text}). "
            "Check the address; `session5 serve` prints the right one."
        )
    answered = ServingError.of(code, text)
    answered.add_note(f"Answered by the model server at {where}.")
    return answered


def _no_answer(text: str, where: str) -> str:
    if "HTTP/2" in text:
        return f"What answers at {where} does not speak gRPC. If it is a REST port, put http:// before it."
    if text.startswith(_LOST):
        return f"The connection to the model server at {where} was lost ({text}). Is it still running?"
    return f"No model server answers at {where} ({text}). Start one with `session5 serve`."

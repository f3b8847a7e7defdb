"""A model server that speaks TensorFlow Serving's protocol and serves any SavedModel.

    configuration -> repository of versions -> runtime -> core -> REST and gRPC

`settings.py` and `config.py` say what to serve, `discovery.py` and `repository.py` decide which versions are
loaded, `runtime.py` loads and runs one, `core.py` answers requests without knowing a transport, and
`rest_api.py` and `grpc_api.py` carry them.

Importing this package does not import TensorFlow; the first use of `serve` or `Server` does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_session5.server.server import Server, serve

__all__ = ["Server", "serve"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.server"), name)

"""`serve`: a server in this process, for exported models and for models in memory."""

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_session5.server import Server, serve as start


def serve(config: str | os.PathLike[str] | Mapping[str, Any] | Any, **settings: Any) -> Server:
    """Starts a server in this process and returns when it serves every model.

    Args:
        config: path of a `models.config`; a model, or a dict of models by name. A model is the folder of its
            versions, or a `keras.Model`, which is exported with generated examples to a temporary folder that
            lives as long as the server.
        settings: `models`, `host`, `grpc_port`, `rest_port`, `timeout_s` and `require_all`, as
            `server.serve` takes them.

    Raises:
        UnavailableError: a port is taken, or a model cannot be served.
        ServingError: the configuration is invalid.
        ArgumentError, ExportError: a model cannot be exported.

    Example:
        >>> with serve({"lenet5": "saved_models/lenet5", "flowers": model}) as server:
        ...     print(server.rest_address)
    """
    if isinstance(config, (str, os.PathLike)):
        return start(config, **settings)
    models = config if isinstance(config, Mapping) else {None: config}
    with contextlib.ExitStack() as stack:
        folders = {}
        for name, model in models.items():
            if not isinstance(model, (str, os.PathLike)):
                temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="session5-"))
                model = _export(model, name, temporary)
            folders[name or Path(model).name] = model
        server = start(folders, **settings)
        server.on_stop.push(stack.pop_all())
    return server


def _export(model: Any, name: str | None, directory: str) -> Path:
    """Returns the folder of the versions of a model."""
    from keras_session5.exporting import export, is_own

    return export(model, directory, name=name if is_own(model) else None).parent

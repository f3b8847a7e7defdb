"""`session5-model-server`: a model server that takes the command line of `tensorflow_model_server`."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import metadata
from typing import Any

from keras_session5.errors import ArgumentError, InvalidArgumentError, ServingError
from keras_session5.server.batching_parameters import BatchingParameters, read_batching_parameters
from keras_session5.server.config import ModelConfig, read_config, reread_config
from keras_session5.server.config_watcher import ConfigWatcher
from keras_session5.server.flags import parse_flags, usage
from keras_session5.server.monitoring_config import read_monitoring_path
from keras_session5.server.settings import Settings
from keras_session5.server.text_protos import ConfigSyntaxError
from keras_session5.server.tls import read_tls

log = logging.getLogger("keras_session5.server")

_FAILED = 255
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the server until SIGTERM or Ctrl-C and returns the exit status."""
    try:
        flags, ignored = parse_flags(sys.argv[1:] if arguments is None else arguments)
    except ArgumentError as error:
        print(error, file=sys.stderr)
        return _USAGE
    if flags["help"]:
        print(usage())
        return 0
    if flags["version"]:
        print(f"keras-session5 model server {metadata.version('keras-session5')}")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname).1s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    for name in ignored:
        log.warning("--%s has no effect on this server and is ignored.", name)
    # `server.wait` handles these signals itself and finishes the requests in flight. Before it, an immediate
    # end avoids a traceback from the middle of an import; after it, a second signal means "do not wait".
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    try:
        _serve(flags)
    except (ArgumentError, ServingError) as error:
        if isinstance(error.__cause__, ConfigSyntaxError):
            print(error.__cause__, file=sys.stderr)
        code = error.code if isinstance(error, ServingError) else InvalidArgumentError.code
        print(f"Failed to start server. Error: {code}: {error}", flush=True)
        return _FAILED
    return 0


def _serve(flags: dict[str, Any]) -> None:
    settings = read_settings(flags)
    file, base_path, root = flags["model_config_file"], flags["model_base_path"], settings.models_root
    if not file and not base_path:
        raise InvalidArgumentError(
            "Both server_options.model_base_path and server_options.model_config_file are empty!"
        )
    configs = read_config(file, root) if file else [ModelConfig(flags["model_name"], base_path)]

    hide_training()
    # Imports TensorFlow, so only after all checks.
    from keras_session5.server.server import Server, end_if_busy

    period = flags["model_config_file_poll_wait_seconds"]
    with (
        Server(configs, settings).start() as server,
        ConfigWatcher(lambda: reread_config(file, root, server.served()), server.reload, period)
        if file and period > 0
        else nullcontext(),
    ):
        if settings.grpc_port is not None:
            log.info("Running gRPC ModelServer at %s ...", server.grpc_address)
        if settings.grpc_socket_path:
            log.info("Running gRPC ModelServer at UNIX socket %s ...", settings.grpc_socket_path)
        if server.rest_address:
            log.info("Exporting HTTP/REST API at:localhost:%s ...", server.rest_address.rpartition(":")[2])
        server.wait()
        log.info("Stopping: finishing the requests in flight.")
    end_if_busy(server)


def hide_training() -> None:
    """Keeps TensorFlow, unless already imported, from importing Keras and JAX in a process that only serves.

    Keras imports scikit-learn and Matplotlib as well: 110 MiB and 1.5 s that no model needs. If JAX is
    installed, a converter imports it: another 110 MiB.
    """
    if "tensorflow" not in sys.modules:
        sys.modules["keras"] = sys.modules["jax"] = None  # pyright: ignore[reportArgumentType]


def read_settings(flags: dict[str, Any]) -> Settings:
    """Returns the settings for the given flags, with the contents of the files that they name.

    Raises:
        ArgumentError: a flag's value is out of range.
        ServingError: a file is missing or invalid.
    """
    port, rest_port = flags["port"] or None, flags["rest_api_port"] or None
    if rest_port is not None and rest_port == port:
        log.error(
            "--rest_api_port cannot be same as --port. Please use a different port for HTTP/REST API."
            " Skipped exporting HTTP/REST API."
        )
        rest_port = None
    tls, rest_tls = flags["ssl_config_file"], flags["rest_api_ssl_config_file"]
    monitoring = flags["monitoring_config_file"]
    shared = Settings.__dataclass_fields__.keys() & flags.keys()
    return Settings(
        grpc_port=port,
        rest_port=rest_port,
        ssl=read_tls(tls) if tls else None,
        rest_ssl=read_tls(rest_tls) if rest_tls else None,
        monitoring_path=read_monitoring_path(monitoring) if monitoring else Settings.monitoring_path,
        batching=_read_batching(flags["enable_batching"], flags["batching_parameters_file"]),
        **{name: flags[name] for name in shared},
    )


def _read_batching(enabled: bool, file: str) -> BatchingParameters | None:
    if not enabled:
        if file:
            raise InvalidArgumentError(
                "server_options.batching_parameters_file is set without setting"
                " server_options.enable_batching to true."
            )
        return None
    return read_batching_parameters(file) if file else BatchingParameters()


if __name__ == "__main__":
    sys.exit(main())

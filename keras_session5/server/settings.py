"""The server's settings, checked on creation. Names and defaults are TensorFlow Serving's.

A field with a help text is also a command-line flag of the same name; `flags.py` has the other flags.
"""

import os
from dataclasses import dataclass, field, fields
from typing import Any

from keras_session5.errors import ArgumentError
from keras_session5.server.batching_parameters import BatchingParameters
from keras_session5.server.monitoring_config import DEFAULT_PATH
from keras_session5.server.tls import TlsConfig

_HIGHEST_PORT = 65535
_MAX_S = 10_000_000  # some months; the waits of threads are limited
_CPUS = os.cpu_count() or 1


def _flag(default: Any, help: str, lowest: int | None = None) -> Any:
    return field(default=default, metadata={"help": help, "lowest": lowest})


@dataclass(frozen=True)
class Settings:
    """The settings of the transports, the models and the answers.

    Port 0 takes any free port; None switches the transport off.
    """

    # Unlike in TensorFlow Serving (0.0.0.0), other machines get access only at the user's wish.
    host: str = _flag("127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in")
    # The port in TensorFlow Serving's image.
    grpc_port: int | None = 8500
    grpc_socket_path: str = _flag("", "UNIX socket for gRPC, in addition to the port or instead of it")
    # Off, as in TensorFlow Serving: gRPC is the main transport.
    rest_port: int | None = None
    # Upstream's default.
    rest_api_timeout_in_ms: int = _flag(30_000, "time limit of a REST request", lowest=1)
    # Ten thousand images of 28 x 28 as JSON. Upstream has no limit.
    rest_api_max_body_bytes: int = _flag(64 * 2**20, "largest body of a REST request, in bytes", lowest=1)
    # Long for headers, short for a client that only holds a connection open.
    rest_api_header_timeout_in_ms: int = _flag(
        10_000, "time limit of the headers of a REST request", lowest=1
    )
    # Longer than most pauses of a client that reuses its connection, so that no request meets a closed one.
    rest_api_idle_timeout_in_ms: int = _flag(
        75_000, "how long a REST connection may pause between requests", lowest=1
    )
    # Half of the usual limit on open files.
    rest_api_max_connections: int = _flag(512, "open REST connections; new ones replace idle ones", lowest=1)
    # Both transports share one pool of threads, as large as the larger of these two. Other threads run while
    # TensorFlow computes.
    rest_api_num_threads: int = _flag(
        4 * _CPUS, "threads for requests; the larger of the two limits counts", lowest=1
    )
    grpc_max_threads: int = _flag(
        4 * _CPUS, "threads for requests; the larger of the two limits counts", lowest=1
    )
    rest_api_enable_cors_support: bool = _flag(False, "let web pages from other sites use the REST API")
    grpc_channel_arguments: str = _flag("", "gRPC channel options, as key=value,key=value")
    # Not None: connections are encrypted.
    ssl: TlsConfig | None = None
    rest_ssl: TlsConfig | None = None
    # On, unlike in TensorFlow Serving: the service does not affect other clients.
    enable_grpc_healthcheck_service: bool = _flag(True, "serve grpc.health.v1, also for each model")
    # The metrics' page on the REST port; on by default, unlike in TensorFlow Serving. Empty: no page.
    monitoring_path: str = DEFAULT_PATH
    # Longer than nearly every request, shorter than the time after which an orchestrator kills the process.
    shutdown_grace_seconds: float = _flag(
        10.0, "time limit of the requests in flight when the server stops", lowest=0
    )

    # The official image mounts a folder at `/models`, so one configuration drives both servers.
    models_root: str = _flag("", "folder that replaces /models at the start of base paths")
    # The server notices a new version within a second.
    file_system_poll_wait_seconds: float = _flag(
        1.0, "seconds between scans for new versions; 0: one scan only"
    )
    # Five retries, a minute apart, last longer than the copying of a large model.
    max_num_load_retries: int = _flag(5, "number of retries after a failed load", lowest=0)
    load_retry_interval_micros: int = _flag(60_000_000, "microseconds before each retry")
    # Two, so that one slow or broken model does not delay the others; more would compete with requests.
    num_load_threads: int = _flag(0, "models to load at once; 0: two", lowest=0)
    # A pool apart from that of the loads, which would delay the release of memory.
    num_unload_threads: int = _flag(0, "models to unload at once; 0: one", lowest=0)
    # The tag in models from `tf.saved_model.save`.
    saved_model_tags: str = _flag("serve", "tags of the graph to load, separated by commas")
    prefer_tflite_model: bool = _flag(False, "serve a version's model.tflite if it has one")
    # With it the first request is as fast as the others.
    enable_model_warmup: bool = _flag(True, "run the warm-up requests stored with a model")
    num_request_iterations_for_warmup: int = _flag(0, "number of runs of each of them; 0: one", lowest=0)
    # A label that points to no version is usually a mistake.
    allow_version_labels_for_unavailable_models: bool = _flag(
        False, "let new labels point to versions that are not loaded"
    )

    # The parameters of `--enable_batching`; None without it.
    batching: BatchingParameters | None = None
    tensorflow_session_parallelism: int = _flag(0, "both kinds of threads below; 0: automatic", lowest=0)
    tensorflow_intra_op_parallelism: int = _flag(0, "threads within an operation; 0: automatic", lowest=0)
    tensorflow_inter_op_parallelism: int = _flag(
        0, "operations of a request to run at once; 0: automatic", lowest=0
    )
    # Most clients in other languages read the typed fields.
    enable_serialization_as_tensor_content: bool = _flag(False, "return the tensors of Predict as bytes")
    enable_signature_method_name_check: bool = _flag(False, "refuse signatures made for another method")

    def __post_init__(self) -> None:
        for name in ("grpc_port", "rest_port"):
            port = getattr(self, name)
            if port is not None and not 0 <= port <= _HIGHEST_PORT:
                raise ArgumentError(f"`{name}` must be in 0..{_HIGHEST_PORT}. Received: {name}={port!r}")
        for name in _SECONDS:
            if not abs(getattr(self, name)) <= _MAX_S:
                raise ArgumentError(
                    f"`{name}` must be a number of seconds up to {_MAX_S:,}. "
                    f"Received: {name}={getattr(self, name)!r}"
                )
        for name, lowest in ((f.name, f.metadata.get("lowest")) for f in fields(self)):
            if lowest is not None and getattr(self, name) < lowest:
                raise ArgumentError(
                    f"`{name}` must be at least {lowest}. Received: {name}={getattr(self, name)!r}"
                )
        if self.grpc_port is None and not self.grpc_socket_path:
            raise ArgumentError(
                "At least one of server_options.grpc_port or server_options.grpc_socket_path must be set."
            )
        parallelism = self.tensorflow_intra_op_parallelism, self.tensorflow_inter_op_parallelism
        if self.tensorflow_session_parallelism and all(parallelism):
            raise ArgumentError(
                "Either configure server_options.tensorflow_session_parallelism or"
                " (server_options.tensorflow_intra_op_parallelism,"
                " server_options.tensorflow_inter_op_parallelism) separately. You cannot configure all."
            )
        self.channel_arguments  # noqa: B018  # raises now rather than when the port opens

    @property
    def tags(self) -> frozenset[str]:
        """The tags of the graph to load."""
        return frozenset(self.saved_model_tags.split(","))

    @property
    def num_request_threads(self) -> int:
        """The number of threads for requests."""
        batches = self.batching.num_batch_threads if self.batching else 0
        return max(self.grpc_max_threads, self.rest_api_num_threads, batches)

    @property
    def parallelism(self) -> tuple[int, int]:
        """TensorFlow's threads within an operation and across operations; 0: chosen automatically."""
        separately = self.tensorflow_intra_op_parallelism, self.tensorflow_inter_op_parallelism
        both = self.tensorflow_session_parallelism
        return separately if any(separately) else (both, both)

    @property
    def channel_arguments(self) -> dict[str, int | str]:
        """The options of gRPC channels, numbers as integers."""
        pairs = [argument.partition("=") for argument in self.grpc_channel_arguments.split(",") if argument]
        if wrong := ["".join(pair) for pair in pairs if not pair[1]]:
            raise ArgumentError(
                f"`grpc_channel_arguments` must be key=value, separated by commas. Received: {wrong[0]}"
            )
        return {key.strip(): _parse_value(text) for key, _, text in pairs}


_SECONDS = ("file_system_poll_wait_seconds", "shutdown_grace_seconds")


def _parse_value(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text

"""The server's settings, checked when they are made. Names and defaults are TensorFlow Serving's.

A field with a help text is also a flag of the command line, under the same name; `flags.py` has the others.
"""

import os
from dataclasses import dataclass, field, fields
from typing import Any

from keras_session5.errors import ArgumentError
from keras_session5.server.batching_parameters import BatchingParameters
from keras_session5.server.monitoring_config import DEFAULT_PATH
from keras_session5.server.tls import TlsConfig

_HIGHEST_PORT = 65535
_LONGEST_S = 10_000_000  # some months; threads cannot wait for ever so long
_CPUS = os.cpu_count() or 1


def _flag(default: Any, help: str, lowest: int | None = None) -> Any:
    return field(default=default, metadata={"help": help, "lowest": lowest})


@dataclass(frozen=True)
class Settings:
    """How a server listens, loads and answers.

    A port of 0 means any free one, None that the transport is off.
    """

    # Who may reach the server is for its user to widen, so not 0.0.0.0 as upstream.
    host: str = _flag("127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in")
    # The port of TensorFlow Serving's image.
    grpc_port: int | None = 8500
    grpc_socket_path: str = _flag("", "UNIX socket for gRPC, beside the port or instead of it")
    # Off, as upstream: gRPC is the first transport.
    rest_port: int | None = None
    # Upstream's limit for one REST request.
    rest_api_timeout_in_ms: int = _flag(30_000, "how long a REST request may take", lowest=1)
    # Ten thousand images of 28 x 28 as JSON. Upstream has no limit.
    rest_api_max_body_bytes: int = _flag(64 * 2**20, "bytes of the largest body of a REST request", lowest=1)
    # Long for a header, short for whoever only holds a connection open.
    rest_api_header_timeout_in_ms: int = _flag(
        10_000, "how long the headers of a REST request may take", lowest=1
    )
    # Longer than most pauses of a client that keeps its connection, so that it is not closed under a request.
    rest_api_idle_timeout_in_ms: int = _flag(
        75_000, "how long a REST connection may pause between requests", lowest=1
    )
    # Half of the files that a process may usually have open.
    rest_api_max_connections: int = _flag(
        512, "REST connections at once; idle ones make room for new ones", lowest=1
    )
    # Threads work on the requests of both transports; they are as many as the larger of the two. TensorFlow
    # lets other threads run while it computes.
    rest_api_num_threads: int = _flag(
        4 * _CPUS, "requests worked on at once; the larger of the two counts", lowest=1
    )
    grpc_max_threads: int = _flag(
        4 * _CPUS, "requests worked on at once; the larger of the two counts", lowest=1
    )
    rest_api_enable_cors_support: bool = _flag(False, "let pages of other sites use the REST API")
    grpc_channel_arguments: str = _flag("", "options of gRPC, as key=value,key=value")
    # Encrypted connections, where these are not None.
    ssl: TlsConfig | None = None
    rest_ssl: TlsConfig | None = None
    # On, other than upstream: who does not ask for health is not disturbed by it.
    enable_grpc_healthcheck_service: bool = _flag(True, "answer grpc.health.v1, for each model as well")
    # Page of the metrics on the REST port, on by default other than upstream; empty: none.
    monitoring_path: str = DEFAULT_PATH
    # Longer than nearly every request, shorter than what an orchestrator waits before it kills.
    shutdown_grace_seconds: float = _flag(
        10.0, "how long requests in flight may take when the server stops", lowest=0
    )

    # The folder for which `/models` stands in a configuration, as the official image mounts one there.
    models_root: str = _flag("", "folder for which /models stands at the start of base paths")
    # A new version is noticed within a second.
    file_system_poll_wait_seconds: float = _flag(1.0, "how often to look for new versions; 0: once")
    # Five retries a minute apart outlive the copying of a large model.
    max_num_load_retries: int = _flag(5, "how often a failed load is tried again", lowest=0)
    load_retry_interval_micros: int = _flag(60_000_000, "how long to wait before that")
    # Two, so that one slow or broken model does not hold up the others; more would compete with requests.
    num_load_threads: int = _flag(0, "models loaded at once; 0: two", lowest=0)
    # Apart from the loading ones, so that memory is not held for as long as a load takes.
    num_unload_threads: int = _flag(0, "models unloaded at once; 0: one", lowest=0)
    # The tag that `tf.saved_model.save` writes.
    saved_model_tags: str = _flag("serve", "tags of the graph to load, separated by commas")
    prefer_tflite_model: bool = _flag(False, "serve a version's model.tflite if it has one")
    # The first request is then as fast as the others.
    enable_model_warmup: bool = _flag(True, "run the warm-up requests that a model brings along")
    num_request_iterations_for_warmup: int = _flag(0, "how often to run each of them; 0: once", lowest=0)
    # A label that points to nothing is more often a slip than a plan.
    allow_version_labels_for_unavailable_models: bool = _flag(
        False, "let new labels name versions not loaded"
    )

    # How requests are merged with `--enable_batching`; None without it.
    batching: BatchingParameters | None = None
    tensorflow_session_parallelism: int = _flag(
        0, "threads of both kinds below; 0: as many as suit", lowest=0
    )
    tensorflow_intra_op_parallelism: int = _flag(
        0, "threads within an operation; 0: as many as suit", lowest=0
    )
    tensorflow_inter_op_parallelism: int = _flag(
        0, "operations of a request run at once; 0: as many as suit", lowest=0
    )
    # Typed fields are what most clients in other languages read.
    enable_serialization_as_tensor_content: bool = _flag(False, "answer Predict with tensors as bytes")
    enable_signature_method_name_check: bool = _flag(False, "refuse signatures made for another method")

    def __post_init__(self) -> None:
        for name in ("grpc_port", "rest_port"):
            port = getattr(self, name)
            if port is not None and not 0 <= port <= _HIGHEST_PORT:
                raise ArgumentError(f"`{name}` must be in 0..{_HIGHEST_PORT}. Received: {name}={port!r}")
        for name in _SECONDS:
            if not abs(getattr(self, name)) <= _LONGEST_S:
                raise ArgumentError(
                    f"`{name}` must be a number of seconds up to {_LONGEST_S:,}. "
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
        self.channel_arguments  # noqa: B018  # said now rather than when the port is opened

    @property
    def tags(self) -> frozenset[str]:
        """The tags of the graph to load."""
        return frozenset(self.saved_model_tags.split(","))

    @property
    def num_request_threads(self) -> int:
        """How many threads work on requests."""
        batches = self.batching.num_batch_threads if self.batching else 0
        return max(self.grpc_max_threads, self.rest_api_num_threads, batches)

    @property
    def parallelism(self) -> tuple[int, int]:
        """TensorFlow's threads within an operation and across operations; 0: as many as suit."""
        separately = self.tensorflow_intra_op_parallelism, self.tensorflow_inter_op_parallelism
        both = self.tensorflow_session_parallelism
        return separately if any(separately) else (both, both)

    @property
    def channel_arguments(self) -> dict[str, int | str]:
        """The options of gRPC; integers as integers."""
        pairs = [argument.partition("=") for argument in self.grpc_channel_arguments.split(",") if argument]
        if wrong := ["".join(pair) for pair in pairs if not pair[1]]:
            raise ArgumentError(
                f"`grpc_channel_arguments` must be key=value, separated by commas. Received: {wrong[0]}"
            )
        return {key.strip(): _int_or_text(text) for key, _, text in pairs}


_SECONDS = ("file_system_poll_wait_seconds", "shutdown_grace_seconds")


def _int_or_text(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return text

"""The server's settings, checked when they are made. Names and defaults are TensorFlow Serving's."""

import os
from dataclasses import dataclass

from keras_session5.errors import ArgumentError

_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """How a server listens, loads and answers.

    A port of 0 means any free one, None that the transport is off.
    """

    # Who may reach the server is for its user to widen, so not 0.0.0.0 as upstream.
    host: str = "127.0.0.1"
    # The port of TensorFlow Serving's image.
    grpc_port: int | None = 8500
    # A UNIX socket beside the port, or instead of it.
    grpc_socket_path: str = ""
    # Off, as upstream: gRPC is the first transport.
    rest_port: int | None = None
    # Upstream's limit for one REST request.
    rest_api_timeout_in_ms: int = 30_000
    # Requests that are worked on at once; TensorFlow lets other threads run while it computes.
    num_request_threads: int = 4 * (os.cpu_count() or 1)
    # Two, so that one slow or broken model does not hold up the others; more would compete with requests.
    num_load_threads: int = 2
    # A new version is noticed within a second; 0 or less: looked for only when the configuration changes.
    file_system_poll_wait_seconds: float = 1.0
    # Five retries a minute apart outlive the copying of a large model.
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    # The first request is then as fast as the others.
    enable_model_warmup: bool = True
    # 0 means once.
    num_request_iterations_for_warmup: int = 0
    # The tag that `tf.saved_model.save` writes.
    saved_model_tags: str = "serve"
    # A label that points to nothing is more often a slip than a plan.
    allow_version_labels_for_unavailable_models: bool = False

    def __post_init__(self) -> None:
        for name in ("grpc_port", "rest_port"):
            port = getattr(self, name)
            if port is not None and not 0 <= port <= _HIGHEST_PORT:
                raise ArgumentError(f"`{name}` must be in 0..{_HIGHEST_PORT}. Received: {name}={port!r}")
        for name in ("num_request_threads", "num_load_threads", "rest_api_timeout_in_ms"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"`{name}` must be at least 1. Received: {name}={getattr(self, name)!r}")
        for name in (
            "max_num_load_retries",
            "load_retry_interval_micros",
            "num_request_iterations_for_warmup",
        ):
            if getattr(self, name) < 0:
                raise ArgumentError(
                    f"`{name}` must not be negative. Received: {name}={getattr(self, name)!r}"
                )
        if self.grpc_port is None and not self.grpc_socket_path:
            raise ArgumentError(
                "At least one of server_options.grpc_port or server_options.grpc_socket_path must be set."
            )

    @property
    def tags(self) -> frozenset[str]:
        """The tags of the graph to load."""
        return frozenset(self.saved_model_tags.split(","))

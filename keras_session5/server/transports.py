"""The gRPC and REST ports, on one event loop."""

import asyncio
import contextlib
import errno
import logging
import math
import os
import socket
import stat

import grpc
import uvicorn

from keras_session5.errors import UnavailableError
from keras_session5.server.connections import limit_protocol
from keras_session5.server.core import Core
from keras_session5.server.grpc_api import add_services
from keras_session5.server.metrics import Metrics
from keras_session5.server.readiness import Readiness
from keras_session5.server.rest_api import RestApi
from keras_session5.server.settings import Settings
from keras_session5.server.tls import TlsConfig

log = logging.getLogger(__name__)

_GRPC_OPTIONS = {
    # Python's default is 4 MiB; TensorFlow Serving accepts larger messages.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    # Otherwise two servers could silently share one port.
    "grpc.so_reuseport": 0,
    # Connections that stay idle or do not complete the handshake are closed.
    "grpc.server_handshake_timeout_ms": 10_000,
    "grpc.max_connection_idle_ms": 300_000,
}
_BACKLOG = 2048
_PROBE_S = 1.0


class Transports:
    """The open ports of a server.

    Args:
        core: answers the requests.
        readiness: the state for health checks.
        metrics: records the requests.
        settings: the addresses to listen on, and the limits of connections.
    """

    def __init__(self, core: Core, readiness: Readiness, metrics: Metrics, settings: Settings):
        self._core, self._readiness, self._metrics, self._settings = core, readiness, metrics, settings
        self.grpc_address = ""
        self.rest_address = ""
        self._closers: list = []

    async def open(self) -> None:
        """Opens the ports and starts to answer requests.

        Raises:
            UnavailableError: a port is taken.
        """
        host, port = self._settings.host, self._settings.rest_port
        listener = listen(host, port) if port is not None else None
        try:
            await self._open_grpc()
        except BaseException:
            if listener:
                listener.close()
            raise
        if listener:
            self._open_rest(listener)

    async def close(self, grace_s: float) -> None:
        """Refuses new requests and finishes those in flight, for up to `grace_s`."""
        await asyncio.gather(*(close(grace_s) for close in self._closers))

    async def _open_grpc(self) -> None:
        host, port, path = self._settings.host, self._settings.grpc_port, self._settings.grpc_socket_path
        tls = self._settings.ssl
        options = _GRPC_OPTIONS | self._settings.channel_arguments
        server = grpc.aio.server(options=list(options.items()))
        health = self._readiness if self._settings.enable_grpc_healthcheck_service else None
        add_services(server, self._core, health, self._metrics)
        # gRPC removes its socket when it stops, even if another server owns the path by then. So it opens one
        # under a private name, which then moves to the path.
        own = f"{path}.{os.getpid()}-{id(self):x}"
        if path:
            check_socket(path)
            self.grpc_address = f"unix:{path}"
            error = UnavailableError(f"This process may not listen on the UNIX socket {path}.")
            _add_port(server, f"unix:{own}", tls, error)
        if port is not None:
            listen(host, port).close()  # raises one sentence; gRPC would write to standard error
            number = _add_port(server, _join(host, port), tls, make_taken_error(host, port))
            self.grpc_address = _join(host, number)
        await server.start()
        self._closers.append(server.stop)
        if path:
            number = os.stat(own).st_ino
            os.replace(own, path)
            self._closers.append(lambda grace_s: _remove_socket(path, number))

    def _open_rest(self, listener: socket.socket) -> None:
        tls = self._settings.rest_ssl
        settings = self._settings
        app = RestApi(self._core, self._readiness, self._metrics, settings)
        idle_s = settings.rest_api_idle_timeout_in_ms / 1000
        config = uvicorn.Config(
            app,
            http=limit_protocol(
                settings.rest_api_header_timeout_in_ms / 1000, idle_s, settings.rest_api_max_connections
            ),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=math.ceil(idle_s),
        )
        if tls:
            config.load()
            config.ssl = tls.context()
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))

        async def close(grace_s: float) -> None:
            config.timeout_graceful_shutdown = math.ceil(grace_s)
            server.should_exit = True
            await serving

        scheme = "https" if tls else "http"
        self.rest_address = f"{scheme}://{_join(self._settings.host, listener.getsockname()[1])}"
        self._closers.append(close)


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; port 0 takes any free one.

    Raises:
        UnavailableError: the port is taken, or the address does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only with an explicit protocol does asyncio switch off the delay of small packets, which would add 40 ms
    # to every reply.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise UnavailableError(
                f"{host!r} is not an address of this machine. Choose another host."
            ) from error
        raise make_taken_error(host, port) from error
    return listener


def make_taken_error(host: str, port: int) -> UnavailableError:
    """Returns the error for a port that this process cannot listen on."""
    return UnavailableError(
        f"Port {port} on {host} is taken, or this process may not listen on it. Stop the program that uses it"
        " or choose another port; port 0 takes any free one."
    )


def check_socket(path: str) -> None:
    """Checks the path of a socket. As in TensorFlow Serving, the newest server takes an existing socket over.

    Raises:
        UnavailableError: the path is not a socket.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise UnavailableError(f"{path} is not a UNIX socket. Choose another path for it.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PROBE_S)
            if probe.connect_ex(path) == 0:
                log.warning(
                    "%s was another server's socket, which gets no new connections from now on.", path
                )
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnavailableError(f"{path} cannot be a UNIX socket: {error.strerror}.") from error


async def _remove_socket(path: str, number: int) -> None:
    """Removes a socket unless another server owns it by now."""
    with contextlib.suppress(FileNotFoundError):
        if os.stat(path).st_ino == number:
            os.unlink(path)


def _add_port(server: grpc.aio.Server, address: str, tls: TlsConfig | None, error: UnavailableError) -> int:
    try:
        if tls is None:
            return server.add_insecure_port(address)
        pair, authorities = (tls.server_key.encode(), tls.server_cert.encode()), tls.custom_ca.encode()
        credentials = grpc.ssl_server_credentials([pair], authorities or None, tls.client_verify)
        return server.add_secure_port(address, credentials)
    except RuntimeError as cause:
        raise error from cause


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

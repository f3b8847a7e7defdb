"""gRPC and REST side by side on one event loop."""

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
from keras_session5.server.connections import limited_protocol
from keras_session5.server.core import Core
from keras_session5.server.grpc_api import add_services
from keras_session5.server.metrics import Metrics
from keras_session5.server.readiness import Readiness
from keras_session5.server.rest_api import RestApi
from keras_session5.server.settings import Settings
from keras_session5.server.tls import TlsConfig

log = logging.getLogger(__name__)

_GRPC_OPTIONS = {
    # Python's default of 4 MiB would refuse what TensorFlow Serving takes.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    # Otherwise two servers could silently share one port.
    "grpc.so_reuseport": 0,
    # A connection that says nothing, or not enough to begin with, is closed.
    "grpc.server_handshake_timeout_ms": 10_000,
    "grpc.max_connection_idle_ms": 300_000,
}
_BACKLOG = 2048
_PROBE_S = 1.0


class Transports:
    """The open ports of a server.

    Args:
        core: what answers.
        readiness: what health checks are answered from.
        metrics: where requests are counted.
        settings: where to listen.
    """

    def __init__(self, core: Core, readiness: Readiness, metrics: Metrics, settings: Settings):
        self._core, self._readiness, self._metrics, self._settings = core, readiness, metrics, settings
        self.grpc_address = ""
        self.rest_address = ""
        self._closers: list = []

    async def open(self) -> None:
        """Opens the ports; requests are answered from here on.

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
        """Takes no more requests and finishes those in flight, for up to `grace_s`."""
        await asyncio.gather(*(close(grace_s) for close in self._closers))

    async def _open_grpc(self) -> None:
        host, port, path = self._settings.host, self._settings.grpc_port, self._settings.grpc_socket_path
        tls = self._settings.ssl
        options = _GRPC_OPTIONS | self._settings.channel_arguments
        server = grpc.aio.server(options=list(options.items()))
        health = self._readiness if self._settings.enable_grpc_healthcheck_service else None
        add_services(server, self._core, health, self._metrics)
        # gRPC removes its socket when it stops, even if by then it is another server's: so it gets one of its
        # own, which is put in place afterwards.
        own = f"{path}.{os.getpid()}-{id(self):x}"
        if path:
            check_socket(path)
            self.grpc_address = f"unix:{path}"
            error = UnavailableError(f"The UNIX socket {path} is not for this process to listen on.")
            _add_port(server, f"unix:{own}", tls, error)
        if port is not None:
            listen(host, port).close()  # says it in a sentence, and gRPC nothing on standard error
            number = _add_port(server, _joined(host, port), tls, taken(f"Port {port} on {host}"))
            self.grpc_address = _joined(host, number)
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
            http=limited_protocol(
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
        self.rest_address = f"{scheme}://{_joined(self._settings.host, listener.getsockname()[1])}"
        self._closers.append(close)


def listen(host: str, port: int) -> socket.socket:
    """Returns a listening socket; port 0 takes any free one.

    Raises:
        UnavailableError: the port is taken, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol spelled out, since only then asyncio turns off the delay of small packets, which would
    # add 40 ms to every reply.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise UnavailableError(f"{host!r} is no address of this machine. Choose another host.") from error
        raise taken(f"Port {port} on {host}") from error
    return listener


def taken(what: str) -> UnavailableError:
    """Returns the error for a place that cannot be listened on."""
    return UnavailableError(
        f"{what} is taken, or not for this process to listen on. Stop what uses it or choose another;"
        " port 0 takes any free one."
    )


def check_socket(path: str) -> None:
    """Looks at what a socket will replace: as upstream, the newest server gets it.

    Raises:
        UnavailableError: there is something else at that path.
    """
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise UnavailableError(f"{path} is not a UNIX socket. Choose another path for it.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(_PROBE_S)
            if probe.connect_ex(path) == 0:
                log.warning("%s was another server's; it gets no new connections from now on.", path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnavailableError(f"{path} cannot be a UNIX socket: {error.strerror}.") from error


async def _remove_socket(path: str, number: int) -> None:
    """Removes a socket unless it is another server's by now."""
    with contextlib.suppress(FileNotFoundError):
        if os.stat(path).st_ino == number:
            os.unlink(path)


def _add_port(server: grpc.aio.Server, address: str, tls: TlsConfig | None, error: UnavailableError) -> int:
    try:
        return (
            server.add_secure_port(address, _credentials(tls)) if tls else server.add_insecure_port(address)
        )
    except RuntimeError as cause:
        raise error from cause


def _credentials(tls: TlsConfig) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(tls.server_key.encode(), tls.server_cert.encode())],
        root_certificates=tls.custom_ca.encode() or None,
        require_client_auth=tls.client_verify,
    )


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

"""A running server: one background thread whose event loop serves both transports."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from keras_session5.errors import ServingError, UnavailableError
from keras_session5.server.batching import Runner
from keras_session5.server.config import ModelConfig, read_config
from keras_session5.server.core import Core
from keras_session5.server.lite_model import LiteModel, has_lite_model
from keras_session5.server.metrics import Metrics
from keras_session5.server.readiness import Readiness
from keras_session5.server.repository import Repository
from keras_session5.server.runtime import SavedModel, Servable, make_session_config
from keras_session5.server.saved_model import read_independent_signatures
from keras_session5.server.settings import Settings
from keras_session5.server.transports import Transports
from keras_session5.server.version import VersionStatus
from keras_session5.server.warmup import warm_up

try:
    import uvloop
except ImportError:  # not available for Windows
    uvloop = None

log = logging.getLogger(__name__)

_WORKERS = ("request", "load")  # prefixes of the threads' names


@dataclass(frozen=True)
class ModelStatus:
    """One served model: its name, its folder, and its versions, highest first."""

    name: str
    base_path: str
    versions: list[VersionStatus]


def serve(
    config: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
    *,
    models: str | os.PathLike[str] = "saved_models",
    host: str = "127.0.0.1",
    grpc_port: int = 0,
    rest_port: int = 0,
    timeout_s: float = 120.0,
    require_all: bool = True,
) -> "Server":
    """Starts a server in this process and returns when it serves every model.

    Args:
        config: path of a `models.config`, or a dict of base paths by model name.
        models: the folder that replaces `/models` at the start of a base path in the file. The official image
            of TensorFlow Serving mounts a folder there, so one file drives both. The paths of a dict stay.
        host: the address to listen on; by default only this machine can connect.
        grpc_port: port for gRPC; 0 for any free one.
        rest_port: port for REST; 0 for any free one.
        timeout_s: how long to wait for the models.
        require_all: whether to fail unless every model can be served; otherwise the others are only logged.

    Raises:
        UnavailableError: a port is taken, or a model cannot be served.
        ServingError: the configuration is invalid.

    Example:
        >>> with serve({"lenet5": "saved_models/lenet5"}) as server:
        ...     print(server.rest_address)
    """
    # The caller waits, and should learn of a broken model in seconds, not after upstream's five minutes.
    settings = Settings(
        host=host,
        grpc_port=grpc_port,
        rest_port=rest_port,
        load_retry_interval_micros=500_000,
        models_root=str(models),
    )
    server = Server(read_config(config, models), settings).start()
    try:
        server.wait_for_models(timeout_s, require_all=require_all)
    except BaseException:
        server.stop(grace_s=0)
        raise
    return server


def end_if_busy(server: "Server") -> None:
    """Ends this process, with status 0, if a stopped server still runs abandoned requests.

    Python would wait for the end of their threads.
    """
    time.sleep(0.1 if server.is_busy else 0)  # lets idle threads end
    if server.is_busy:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


class Server:
    """Serves models over gRPC and REST until it is stopped; a context manager that stops itself.

    Args:
        configs: the models.
        settings: of the transports, the models and the answers.

    Attributes:
        readiness: the current readiness of the server.
        on_stop: what `stop` closes at the end, such as folders that the server needs.
    """

    def __init__(self, configs: Iterable[ModelConfig], settings: Settings):
        self._settings = settings
        self._repository = Repository(self._load, settings, before_unload=Runner.wait)
        self._repository.configure(configs)
        self._executor = ThreadPoolExecutor(settings.num_request_threads, "request")
        self._batches = asyncio.Semaphore(settings.batching.num_batch_threads) if settings.batching else None
        self.readiness = Readiness(self._repository)
        metrics = self._metrics = Metrics(self._list_states)
        core = self._core = Core(
            self._repository,
            self._executor,
            as_content=settings.enable_serialization_as_tensor_content,
            check_method_names=settings.enable_signature_method_name_check,
            models_root=settings.models_root,
            total=metrics.total,
        )
        self._transports = Transports(core, self.readiness, metrics, settings)
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._opened: Future[asyncio.AbstractEventLoop] = Future()
        self._stopping = asyncio.Event()
        self._grace_s = settings.shutdown_grace_seconds
        self._stopped = threading.Event()
        self.on_stop = contextlib.ExitStack()

    def start(self) -> Self:
        """Opens the ports, then starts to load the models, and returns without waiting for them.

        Raises:
            UnavailableError: a port is taken.
        """
        self._thread.start()
        self._opened.result()
        self._repository.start()
        return self

    def wait_for_models(self, timeout_s: float, *, require_all: bool = True) -> None:
        """Waits until each model can be served or has finally failed.

        Raises:
            UnavailableError: a model cannot be served, and `require_all` is set.
        """
        self._repository.wait_until_settled(timeout_s)
        problems = [
            f"Model {name} cannot be served: {problem}"
            for name, problem in self._repository.problems().items()
        ]
        if problems and require_all:
            raise UnavailableError("\n".join(problems))
        for problem in problems:
            log.error("%s", problem)

    @property
    def ready(self) -> bool:
        """Whether every configured model can be served and the server is not stopping."""
        return self.readiness.is_ready()

    @property
    def grpc_address(self) -> str:
        """`HOST:PORT`, or `unix:PATH` without a port, as `grpc.insecure_channel` takes it."""
        return self._transports.grpc_address

    @property
    def rest_address(self) -> str:
        """`http://HOST:PORT`; empty if REST is off."""
        return self._transports.rest_address

    def models(self) -> list[ModelStatus]:
        """Returns the configured models and the state of their versions."""
        return [
            ModelStatus(config.name, config.base_path, self._repository.statuses(config.name))
            for config in self._repository.configs()
        ]

    def reload(self, configs: Iterable[ModelConfig]) -> None:
        """Replaces the configuration unless it is the one in force; unloads models that it no longer has."""
        configs = list(configs)
        if configs != self._repository.configs():
            self._repository.configure(configs)

    def served(self) -> set[str]:
        """Returns the names in the last configuration requested."""
        return self._repository.names()

    def stop(self, grace_s: float | None = None) -> None:
        """Refuses new requests, finishes those in flight, and unloads everything.

        Args:
            grace_s: how long the requests may take; None: as in the settings.
        """
        if self._thread.is_alive():
            if grace_s is not None:
                self._grace_s = grace_s
            self._opened.result().call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._repository.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self.on_stop.close()
        self._stopped.set()

    @property
    def is_busy(self) -> bool:
        """Whether threads still run abandoned requests or load a model."""
        return any(thread.name.startswith(_WORKERS) for thread in threading.enumerate())

    def wait(self) -> None:
        """Blocks until `stop` is called or, in the main thread, until SIGTERM or Ctrl-C."""
        if threading.current_thread() is not threading.main_thread():
            self._stopped.wait()
            return
        signals = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, lambda *_: self._stopped.set()) for number in signals]
        try:
            self._stopped.wait()
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _list_states(self) -> Iterator[tuple[str, int, str]]:
        for model in self.models():
            yield from ((model.name, version.number, version.state.name) for version in model.versions)

    def _load(self, path: str) -> Runner:
        settings, metrics = self._settings, self._metrics
        servable = self._read(path)
        if settings.enable_model_warmup:
            self._warm_up(servable, path)
        return Runner(
            servable,
            self._executor,
            read_independent_signatures(path),
            settings.batching,
            self._batches,
            metrics,
        )

    def _read(self, path: str) -> Servable:
        began = time.perf_counter()
        try:
            if self._settings.prefer_tflite_model and has_lite_model(path):
                servable: Servable = LiteModel(path)
            else:
                config = make_session_config(*self._settings.parallelism)
                servable = SavedModel(path, self._settings.tags, config)
        except ServingError:
            self._metrics.load_attempt_count.add(path, "fail")
            raise
        self._metrics.load_attempt_count.add(path, "success")
        self._metrics.load_latency.add(path, amount=int((time.perf_counter() - began) * 1e6))
        return servable

    def _warm_up(self, servable: Servable, path: str) -> None:
        began, settings, status = time.perf_counter(), self._settings, "OK"
        try:
            iterations = max(1, settings.num_request_iterations_for_warmup)
            count = warm_up(servable, path, iterations, settings.enable_signature_method_name_check)
            self._metrics.model_warmup_records_read.add(path, status, amount=count)
        except ServingError as error:
            status = error.code
            raise
        finally:
            self._metrics.model_warmup_latency.observe((time.perf_counter() - began) * 1e6, path, status)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop and uvloop.new_event_loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        try:
            await self._transports.open()
        except BaseException as error:
            self._opened.set_exception(error)
            return
        self._opened.set_result(asyncio.get_running_loop())
        await self._stopping.wait()
        # Health checks fail from now on, but requests that still arrive are answered.
        self.readiness.stop()
        ends = time.monotonic() + self._grace_s
        await self._core.finish(self._grace_s)
        await self._transports.close(max(0.0, ends - time.monotonic()))

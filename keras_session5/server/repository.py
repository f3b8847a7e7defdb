"""Finds the versions of models, loads the new, unloads the old, and lends them to requests.

A version is loaded before the one that it replaces is unloaded, and an unload waits for the requests that use
the version, so no request fails while versions change.
"""

import contextlib
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from keras_session5.errors import InternalError, InvalidArgumentError, NotFoundError, ServingError
from keras_session5.server.config import ModelConfig
from keras_session5.server.discovery import find_versions
from keras_session5.server.memory import trim
from keras_session5.server.model import Model
from keras_session5.server.settings import Settings
from keras_session5.server.version import State, Version, VersionStatus

log = logging.getLogger(__name__)

_LOAD_THREADS = 2
_JOIN_TIMEOUT_S = 5.0
# The status of this many removed models is kept.
_MAX_REMOVED = 100


class Repository:
    """The models of a server and their versions.

    Args:
        load: loads the SavedModel in a folder; its exception becomes the version's error.
        settings: how often to scan for versions and to retry loads.
        before_unload: blocks until the loaded model is no longer in use.

    Attributes:
        on_change: called after each change of a version's state or of the configuration, on any thread and
            with the lock held, so it must be quick and must not call the repository.
    """

    def __init__(
        self,
        load: Callable[[str], Any],
        settings: Settings,
        before_unload: Callable[[Any], None] = lambda servable: None,
    ):
        self._before_unload = before_unload
        self.on_change: Callable[[], None] = lambda: None
        self._load_servable = load
        self._settings = settings
        self._changed = threading.Condition()  # guards everything below and every Version
        self._models: dict[str, Model] = {}
        self._first_loads = True  # whether the first configuration is still loading
        self._removed: dict[str, list[VersionStatus]] = {}  # of models that are no longer configured
        self._leaving: list[Model] = []  # no longer configured, but not yet unloaded
        self._closing = False
        self._stale = False  # whether anything changed since the last reconciliation
        self._next_scan: float | None = None if settings.file_system_poll_wait_seconds < 0 else 0.0
        self._requested: list[ModelConfig] = []  # the last configuration requested, in force or not
        self._loaders = ThreadPoolExecutor(settings.num_load_threads or _LOAD_THREADS, "load")
        self._unloaders = ThreadPoolExecutor(settings.num_unload_threads or 1, "unload")
        self._manager = threading.Thread(target=self._manage, name="repository", daemon=True)

    def start(self) -> None:
        """Starts to scan for versions and to load them."""
        self._manager.start()

    def configure(self, configs: Iterable[ModelConfig]) -> None:
        """Replaces the configuration: models that are no longer in it are unloaded.

        A label points to its version once that is available; until then it keeps its old one.
        """
        with self._changed:
            self._configure(list(configs), label_now=False)

    def reload(self, configs: Iterable[ModelConfig]) -> list[str]:
        """Replaces the configuration as upstream does at run time: labels take effect at once or not at all.

        Returns:
            the names of the models that were not configured before.

        Raises:
            FailedPreconditionError: a label names a version that is not available; nothing changes. As in
                TensorFlow Serving, a second request with the same configuration succeeds; the label waits.
        """
        configs = list(configs)
        with self._changed:
            new = [config.name for config in configs if config.name not in self._models]
            if configs == self._requested:
                self._configure(configs, label_now=False)
                return new
            self._requested = configs
            even_unavailable = self._settings.allow_version_labels_for_unavailable_models
            for config in configs:
                (self._models.get(config.name) or Model(config)).check_labels(config.labels, even_unavailable)
            self._configure(configs, label_now=True)
            return new

    def _configure(self, configs: list[ModelConfig], *, label_now: bool) -> None:
        old, self._models = self._models, {}
        for config in configs:
            model = old.pop(config.name, None) or Model(config)
            if model.config.base_path != config.base_path:
                model.scanned = False
            model.config = config
            if label_now:
                model.labels = dict(config.labels)
            else:
                model.assign_labels(self._settings.allow_version_labels_for_unavailable_models)
            self._models[config.name] = model
        for model in old.values():
            model.want({})
        self._requested = list(configs)
        self._leaving += old.values()
        if self._settings.file_system_poll_wait_seconds >= 0:
            self._next_scan = 0.0
        self._notify()

    def close(self) -> None:
        """Drops all models and ends the threads. Requests in flight keep the versions that they use."""
        with self._changed:
            self._closing = True
            self._notify()
        if self._manager.ident:  # it has been started
            self._manager.join(_JOIN_TIMEOUT_S)  # a file system may hang
        with self._changed:
            models = [*self._models.values(), *self._leaving]
            loading = any(version.busy for model in models for version in model.versions.values())
            self._models, self._leaving = {}, []
        # A load in progress cannot be interrupted, and need not be awaited.
        self._loaders.shutdown(wait=not loading, cancel_futures=True)
        self._unloaders.shutdown(wait=not loading, cancel_futures=True)
        _free_memory(freeze=False)

    def wait_until_settled(self, timeout_s: float) -> bool:
        """Waits until each model has an available version or has finally failed; False on a timeout."""
        with self._changed:
            return self._changed.wait_for(lambda: all(m.settled for m in self._models.values()), timeout_s)

    def is_settled(self, name: str) -> bool:
        """Whether a model has an available version, has finally failed, or is not configured."""
        with self._changed:
            return name not in self._models or self._models[name].settled

    def failures(self, names: Iterable[str]) -> list[str]:
        """Returns upstream's message for each configured model in `names` without an available version."""
        with self._changed:
            models = [self._models[name] for name in names if name in self._models]
            return [model.failure for model in models if model.failure]

    def serves(self, name: str) -> bool | None:
        """Whether a model has an available version; None if it is not configured."""
        with self._changed:
            return bool(self._models[name].available) if name in self._models else None

    def names(self) -> set[str]:
        """Returns the names in the last configuration requested, in force or not."""
        with self._changed:
            return {config.name for config in self._requested}

    def problems(self) -> dict[str, str]:
        """Returns the reason for each model that cannot be served."""
        with self._changed:
            return {name: model.problem for name, model in self._models.items() if model.problem}

    def statuses(self, name: str) -> list[VersionStatus]:
        """Returns the status of every version ever seen, highest first; empty for an unknown model."""
        with self._changed:
            leaving = [model for model in self._leaving if model.config.name == name]
            model = self._models.get(name) or (leaving[-1] if leaving else None)
            return model.statuses() if model else self._removed.get(name, [])

    def configs(self) -> list[ModelConfig]:
        """Returns the configuration in force."""
        with self._changed:
            return [model.config for model in self._models.values()]

    # Lending versions to requests

    def is_starting(self, name: str) -> bool:
        """Whether it is too early to report a model as unavailable: its first load is still to come.

        While the first configuration loads, this also holds for models that are not configured.
        """
        with self._changed:
            starting = {known for known, model in self._models.items() if model.is_starting}
            self._first_loads = self._first_loads and bool(starting) and not self._closing
            # TensorFlow Serving opens its ports once everything is loaded. A client that learns that one
            # model does not exist may therefore conclude that all others are available.
            return name in starting or (self._first_loads and name not in self._models)

    @contextlib.contextmanager
    def use(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Lends the requested version, as its number and the loaded model.

        It stays loaded until it is returned. Without a number and a label it is the highest available one.
        """
        with self._changed:
            version = self._resolve(name, number, label)
            version.users += 1
            lent = version.number, version.servable
        try:
            yield lent
        finally:
            del lent
            with self._changed:
                version.users -= 1
                if version.state is State.UNLOADING and not version.users and not self._closing:
                    self._unloaders.submit(self._drop, version)

    def _resolve(self, name: str, number: int | None, label: str | None) -> Version:
        model = self._models.get(name)
        if label is not None:
            if model is None or label not in model.labels:
                raise InvalidArgumentError(f"Unrecognized servable version label: {label}")
            number = model.labels[label]
        available = {version.number: version for version in model.available} if model else {}
        if number is None and available:
            number = max(available)
        if number not in available:
            request = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise NotFoundError(f"Servable not found for request: {request}")
        return available[number]

    # The manager's thread

    def _manage(self) -> None:
        while True:
            if self._is_scan_due():
                try:
                    self._scan()
                except Exception:  # the thread must live on
                    log.exception("The scan for versions failed unexpectedly")
            with self._changed:
                if self._closing:
                    return
                self._stale = False
                for model in [*self._models.values(), *self._leaving]:
                    self._reconcile(model)
                self._remove_unloaded()
                self.on_change()
                self._changed.wait_for(lambda: self._stale or self._closing, self._get_seconds_to_next())

    def _remove_unloaded(self) -> None:
        ended = [m for m in self._leaving if all(v.state is State.END for v in m.versions.values())]
        self._leaving = [model for model in self._leaving if model not in ended]
        for model in ended:
            self._removed.pop(model.config.name, None)
            self._removed[model.config.name] = model.statuses()
        for name in list(self._removed)[:-_MAX_REMOVED]:
            del self._removed[name]

    def _is_scan_due(self) -> bool:
        with self._changed:
            if self._closing or self._next_scan is None or self._next_scan > time.monotonic():
                return False
            wait = self._settings.file_system_poll_wait_seconds
            self._next_scan = time.monotonic() + wait if wait > 0 else None
            return True

    def _get_seconds_to_next(self) -> float | None:
        models = [*self._models.values(), *self._leaving]
        due = [v.retry_at for m in models for v in m.versions.values() if v.is_loading and not v.busy]
        due += [] if self._next_scan is None else [self._next_scan]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _scan(self) -> None:
        """Scans for the versions of every model, without the lock, because the file system may be slow."""
        for config in self.configs():
            problem, chosen = "", None
            try:
                found = find_versions(config.base_path)
                chosen = {number: found[number] for number in config.policy.choose(list(found))}
                if not chosen:
                    problem = (
                        f"No versions of servable {config.name} found under base path {config.base_path}."
                        " Did you forget to name your leaf directory as a number (eg. '/1/')?"
                    )
            except (OSError, ValueError) as error:
                problem = (
                    f"Could not find base path {config.base_path} for servable {config.name}"
                    f" with error {error}"
                )
            self._note_scan(config, chosen, problem)

    def _note_scan(self, config: ModelConfig, chosen: dict[int, str] | None, problem: str) -> None:
        """Records the result of a scan; `chosen` is None if the scan failed."""
        with self._changed:
            model = self._models.get(config.name)
            if model is None or model.config is not config:
                return
            if problem and problem != model.scan_error:  # once, not at every scan
                log.warning("%s", problem)
            model.scan_error, model.scanned = problem, True
            if chosen is not None:
                model.want(chosen)
            self._changed.notify_all()

    def _reconcile(self, model: Model) -> None:
        """Starts the loads and unloads that are due, highest version first."""
        now = time.monotonic()
        for version in sorted(model.versions.values(), key=lambda v: -v.number):
            if version.is_loading and not version.busy:
                if not version.wanted:
                    version.state = State.END
                elif version.retry_at <= now:
                    version.state, version.busy = State.LOADING, True
                    self._loaders.submit(self._load, version)
        wanted = model.wanted
        if not wanted or any(version.state is State.AVAILABLE for version in wanted):
            for version in model.available:
                if not version.wanted:
                    self._begin_unload(version)

    def _begin_unload(self, version: Version) -> None:
        log.info("Unloading %s version %d", version.model, version.number)
        version.state = State.UNLOADING
        if not version.users:
            self._unloaders.submit(self._drop, version)

    def _notify(self) -> None:
        self._stale = True
        self._changed.notify_all()
        self.on_change()

    # The loaders' threads

    def _load(self, version: Version) -> None:
        began, servable, error = time.monotonic(), None, None
        try:
            servable = self._load_servable(version.path)
            # Loaded models stay, so collections, which delay requests, need not examine them again.
            gc.collect()
            gc.freeze()
        except ServingError as known:
            error = known
        except Exception as unknown:
            log.exception("Loading %s version %d failed unexpectedly", version.model, version.number)
            error = InternalError(f"{type(unknown).__name__}: {unknown}")
        seconds = time.monotonic() - began
        if error:
            # A copy, because the traceback of the exception keeps the failed load in memory.
            error = ServingError.of(error.code, str(error))
            _free_memory(unfreeze=False)  # a failed load is never frozen
        with self._changed:
            before, version.busy, version.error = version.error, False, error
            if error:
                self._note_failure(version, error, known=str(before) == str(error))
            else:
                log.info("Loaded %s version %d in %.2f s", version.model, version.number, seconds)
                version.state, version.servable = State.AVAILABLE, servable
                if version.model in self._models:
                    even_unavailable = self._settings.allow_version_labels_for_unavailable_models
                    self._models[version.model].assign_labels(even_unavailable)
            self._notify()

    def _note_failure(self, version: Version, error: ServingError, known: bool) -> None:
        version.attempts += 1
        name = f"{version.model} version {version.number}"
        wait_s = self._settings.load_retry_interval_micros / 1e6
        if version.attempts > self._settings.max_num_load_retries:
            version.state = State.END
            log.error("Gave up loading %s%s", name, "." if known else f": {error}")
        else:
            version.retry_at = time.monotonic() + wait_s
            if not known:  # it is logged only when it changes
                log.warning("Could not load %s, trying again every %g s: %s", name, wait_s, error)

    def _drop(self, version: Version) -> None:
        self._before_unload(version.servable)
        with self._changed:
            version.servable = None
        _free_memory()
        with self._changed:
            version.state = State.END
            self._notify()
        log.info("Unloaded %s version %d", version.model, version.number)


def _free_memory(unfreeze: bool = True, freeze: bool = True) -> None:
    """Collects dropped objects, reference cycles included, and returns their memory to the system."""
    if unfreeze:
        gc.unfreeze()
    gc.collect()
    if freeze:
        gc.freeze()
    trim()

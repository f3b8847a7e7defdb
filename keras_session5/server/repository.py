"""Which versions are loaded: looks for versions, loads the new, unloads the old, lends them to requests.

A version is loaded before the one that it replaces is unloaded, and an unload waits for the requests that use
the version, so that no request fails while versions change.
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
_PATIENCE_S = 5.0
# Of so many models that are no longer configured it is still told what became of them.
_MOST_GONE = 100


class Repository:
    """The models of a server and their versions.

    Args:
        load: loads the SavedModel in a folder; what it raises is that version's error.
        settings: how often to look, and how often to try again.
        before_unload: waits until nobody needs what was loaded any more.

    Attributes:
        on_change: called after each change of a version's state or of the configuration, from any thread and
            with the lock held: it must be quick and must not ask the repository.
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
        self._first_loads = True  # whether the models of the first configuration are still being loaded
        self._gone: dict[str, list[VersionStatus]] = {}  # of models that are no longer configured
        self._leaving: list[Model] = []  # no longer configured, but not yet unloaded
        self._closing = False
        self._stale = False  # whether something happened since the last reconciliation
        # When to look for versions next.
        self._look_at: float | None = None if settings.file_system_poll_wait_seconds < 0 else 0.0
        self._asked: list[ModelConfig] = []  # the last configuration asked for, in force or not
        self._loaders = ThreadPoolExecutor(settings.num_load_threads or _LOAD_THREADS, "load")
        self._unloaders = ThreadPoolExecutor(settings.num_unload_threads or 1, "unload")
        self._manager = threading.Thread(target=self._manage, name="repository", daemon=True)

    def start(self) -> None:
        """Starts to look for versions and to load them."""
        self._manager.start()

    def configure(self, configs: Iterable[ModelConfig]) -> None:
        """Replaces the configuration: models that are no longer in it are unloaded.

        A label points to its version as soon as that is available; until then it keeps its old one.
        """
        with self._changed:
            self._configure(list(configs), label_now=False)

    def reload(self, configs: Iterable[ModelConfig]) -> list[str]:
        """Replaces the configuration as a running upstream does: labels take effect at once or not at all.

        Returns:
            the names of the models that were not configured before.

        Raises:
            FailedPreconditionError: a label names a version that is not available; nothing is changed then.
                The same configuration a second time is accepted, as upstream does; the label then waits.
        """
        configs = list(configs)
        with self._changed:
            new = [config.name for config in configs if config.name not in self._models]
            if configs == self._asked:
                self._configure(configs, label_now=False)
                return new
            self._asked = configs
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
                model.looked = False
            model.config = config
            if label_now:
                model.labels = dict(config.labels)
            else:
                model.assign_labels(self._settings.allow_version_labels_for_unavailable_models)
            self._models[config.name] = model
        for model in old.values():
            model.want({})
        self._asked = list(configs)
        self._leaving += old.values()
        if self._settings.file_system_poll_wait_seconds >= 0:
            self._look_at = 0.0
        self._notify()

    def close(self) -> None:
        """Forgets everything and ends the threads. Requests still in flight keep what they use."""
        with self._changed:
            self._closing = True
            self._notify()
        if self._manager.ident:  # it was started
            self._manager.join(_PATIENCE_S)  # a file system may hang
        with self._changed:
            models = [*self._models.values(), *self._leaving]
            loading = any(version.busy for model in models for version in model.versions.values())
            self._models, self._leaving = {}, []
        # A load that is under way cannot be interrupted, and need not be waited for.
        self._loaders.shutdown(wait=not loading, cancel_futures=True)
        self._unloaders.shutdown(wait=not loading, cancel_futures=True)
        _give_memory_back(freeze=False)

    def wait_until_settled(self, timeout_s: float) -> bool:
        """Waits until each model serves something or has definitively failed; returns whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: all(m.settled for m in self._models.values()), timeout_s)

    def is_settled(self, name: str) -> bool:
        """Whether a model serves something, has definitively failed, or is not configured."""
        with self._changed:
            return name not in self._models or self._models[name].settled

    def failures(self, names: Iterable[str]) -> list[str]:
        """Returns upstream's account of each configured one of `names` of which nothing is served."""
        with self._changed:
            models = [self._models[name] for name in names if name in self._models]
            return [model.failure for model in models if model.failure]

    def serves(self, name: str) -> bool | None:
        """Whether a model has an available version; None if it is not configured."""
        with self._changed:
            return bool(self._models[name].available) if name in self._models else None

    def names(self) -> set[str]:
        """Returns the names in the last configuration that was asked for, in force or not."""
        with self._changed:
            return {config.name for config in self._asked}

    def problems(self) -> dict[str, str]:
        """Returns why nothing is served, for each model of which that is so."""
        with self._changed:
            return {name: model.problem for name, model in self._models.items() if model.problem}

    def statuses(self, name: str) -> list[VersionStatus]:
        """Returns every version of a model ever seen, highest first; nothing for an unknown model."""
        with self._changed:
            leaving = [model for model in self._leaving if model.config.name == name]
            model = self._models.get(name) or (leaving[-1] if leaving else None)
            return model.statuses() if model else self._gone.get(name, [])

    def configs(self) -> list[ModelConfig]:
        """Returns the configuration in force."""
        with self._changed:
            return [model.config for model in self._models.values()]

    # Lending versions to requests

    def is_starting(self, name: str) -> bool:
        """Whether it is too early to say that a model, or one that is not configured, cannot be had.

        So it is while its first load has not been tried; and at the start, while any model's has not.
        """
        with self._changed:
            starting = {known for known, model in self._models.items() if model.is_starting}
            self._first_loads = self._first_loads and bool(starting) and not self._closing
            # Clients of upstream find the ports closed until everything is loaded, so one that is told of a
            # model that there is no such thing may take it that all the others are there.
            return name in starting or (self._first_loads and name not in self._models)

    @contextlib.contextmanager
    def use(
        self, name: str, number: int | None = None, label: str | None = None
    ) -> Iterator[tuple[int, Any]]:
        """Lends the version that a request asks for: its number and what was loaded.

        It is not unloaded before it is given back. Without a number and a label it is the highest available.
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
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise NotFoundError(f"Servable not found for request: {asked}")
        return available[number]

    # The manager's thread

    def _manage(self) -> None:
        while True:
            if self._look_is_due():
                try:
                    self._look()
                except Exception:  # or nothing would ever be found again
                    log.exception("Looking for versions failed unexpectedly")
            with self._changed:
                if self._closing:
                    return
                self._stale = False
                for model in [*self._models.values(), *self._leaving]:
                    self._reconcile(model)
                self._forget_what_has_left()
                self.on_change()
                self._changed.wait_for(lambda: self._stale or self._closing, self._seconds_to_next())

    def _forget_what_has_left(self) -> None:
        left = [m for m in self._leaving if all(v.state is State.END for v in m.versions.values())]
        self._leaving = [model for model in self._leaving if model not in left]
        for model in left:
            self._gone.pop(model.config.name, None)
            self._gone[model.config.name] = model.statuses()
        for name in list(self._gone)[:-_MOST_GONE]:
            del self._gone[name]

    def _look_is_due(self) -> bool:
        with self._changed:
            if self._closing or self._look_at is None or self._look_at > time.monotonic():
                return False
            wait = self._settings.file_system_poll_wait_seconds
            self._look_at = time.monotonic() + wait if wait > 0 else None
            return True

    def _seconds_to_next(self) -> float | None:
        models = [*self._models.values(), *self._leaving]
        due = [v.retry_at for m in models for v in m.versions.values() if v.is_loading and not v.busy]
        due += [] if self._look_at is None else [self._look_at]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _look(self) -> None:
        """Looks for the versions of every model; the file system may be slow, so without the lock."""
        for config in self.configs():
            trouble, chosen = "", None
            try:
                found = find_versions(config.base_path)
                chosen = {number: found[number] for number in config.policy.choose(list(found))}
                if not chosen:
                    trouble = (
                        f"No versions of servable {config.name} found under base path {config.base_path}."
                        " Did you forget to name your leaf directory as a number (eg. '/1/')?"
                    )
            except (OSError, ValueError) as error:
                trouble = (
                    f"Could not find base path {config.base_path} for servable {config.name}"
                    f" with error {error}"
                )
            self._note(config, chosen, trouble)

    def _note(self, config: ModelConfig, chosen: dict[int, str] | None, trouble: str) -> None:
        """Takes over what a look has found; None for `chosen` if it could not look."""
        with self._changed:
            model = self._models.get(config.name)
            if model is None or model.config is not config:
                return
            if trouble and trouble != model.trouble:  # once, not at every look
                log.warning("%s", trouble)
            model.trouble, model.looked = trouble, True
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
            # What is loaded stays: no collection needs to look at it again, which would hold up requests.
            gc.collect()
            gc.freeze()
        except ServingError as known:
            error = known
        except Exception as unknown:
            log.exception("Loading %s version %d failed unexpectedly", version.model, version.number)
            error = InternalError(f"{type(unknown).__name__}: {unknown}")
        seconds = time.monotonic() - began
        if error:
            # A copy, since an exception holds on to all that the failed load had in memory.
            error = ServingError.of(error.code, str(error))
            _give_memory_back(unfreeze=False)  # what has failed was never frozen
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
            if not known:  # it is said again only when it changes
                log.warning("Could not load %s, trying again every %g s: %s", name, wait_s, error)

    def _drop(self, version: Version) -> None:
        self._before_unload(version.servable)
        with self._changed:
            version.servable = None
        _give_memory_back()
        with self._changed:
            version.state = State.END
            self._notify()
        log.info("Unloaded %s version %d", version.model, version.number)


def _give_memory_back(unfreeze: bool = True, freeze: bool = True) -> None:
    """Frees what was dropped, reference cycles too, and hands it back to the system where that can be."""
    if unfreeze:
        gc.unfreeze()
    gc.collect()
    if freeze:
        gc.freeze()
    trim()

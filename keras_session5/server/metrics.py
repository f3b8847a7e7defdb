"""What the server counts and measures, and the page that Prometheus reads it from.

Every method may be called from any thread.
"""

import math
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterable

import psutil

from keras_session5.errors import ServingError
from keras_session5.server.metric_kinds import OTHER, Counter, Gauge, Histogram, Labels, Metric, exponential

# Callers may ask for what does not exist; so many of their inventions are shown by name.
_MOST_STRANGERS = 100
# From what a tiny model takes to the 30 s after which a REST request times out.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RUN_A_MODEL = frozenset(("predict", "classify", "regress"))


class Metrics:
    """All metrics of a server, as attributes, and the recording of requests.

    What callers invent must not fill the memory. A model is named in the labels of its requests once it has
    answered OK; so is a version with a signature. Of names that never have, the first hundred are shown as
    well, and the rest is `other`. What is recorded without `request` must have names that the server knows.

    Args:
        states: what `session5_model_state` is to show: model, version and name of the state of each version.
    """

    def __init__(self, states: Callable[[], Iterable[tuple[str, int, str]]] = tuple):
        microseconds = exponential(10, 1.8, 33)
        sizes = exponential(1, 2, 14)
        process = psutil.Process()

        self.request_count = Counter("/tensorflow/serving/request_count", ("model_name", "status"))
        self.request_latency = Histogram(
            "/tensorflow/serving/request_latency", ("model_name", "API", "entrypoint"), microseconds
        )
        self.runtime_latency = Histogram(
            "/tensorflow/serving/runtime_latency", ("model_name", "API", "runtime"), microseconds
        )
        self.request_example_counts = Histogram(
            "/tensorflow/serving/request_example_counts", ("model",), exponential(1, 2, 15)
        )
        self.request_example_count_total = Counter(
            "/tensorflow/serving/request_example_count_total", ("model",)
        )
        self.request_log_count = Counter(
            "/tensorflow/serving/request_log_count", ("model_name", "status_code")
        )

        self.model_warmup_latency = Histogram(
            "/tensorflow/serving/model_warmup_latency", ("model_path", "status"), microseconds
        )
        self.model_warmup_records_read = Counter(
            "/tensorflow/serving/model_warmup_records_read", ("model_path", "status")
        )
        self.load_attempt_count = Counter(
            "/tensorflow/cc/saved_model/load_attempt_count", ("model_path", "status")
        )
        self.load_latency = Counter("/tensorflow/cc/saved_model/load_latency", ("model_path",))

        batching = "/tensorflow/serving/batching_session"
        self.queuing_latency = Histogram(
            f"{batching}/queuing_latency", ("thread_pool_name",), exponential(100, 1.2, 52)
        )
        self.wrapped_run_count = Counter(f"{batching}/wrapped_run_count")
        self.padding_size = Histogram(f"{batching}/padding_size", ("execution_batch_size",), sizes)
        self.input_batch_size = Histogram(f"{batching}/input_batch_size", (), sizes)
        self.processed_batch_size = Histogram(f"{batching}/processed_batch_size", (), sizes)

        asked = ("model", "version", "signature", "api", "entrypoint")
        self.requests_total = Counter(
            "session5_requests_total", (*asked, "code"), "Requests answered, by canonical status code."
        )
        self.request_seconds = Histogram(
            "session5_request_seconds", asked, _SECONDS, "Seconds from reading a request to its answer."
        )
        self.requests_in_flight = Gauge(
            "session5_requests_in_flight", ("model",), "Requests that are being answered."
        )
        self.model_state = Gauge(
            "session5_model_state",
            ("model", "version", "state"),
            "1 for the state that a version is in.",
            read=lambda: (((model, str(version), state), 1) for model, version, state in states()),
        )
        self.resident_memory = Gauge(
            "process_resident_memory_bytes",
            (),
            "Resident memory size in bytes.",
            read=lambda: [((), process.memory_info().rss)],
        )
        self.start_time = Gauge(
            "process_start_time_seconds",
            (),
            "Start time of the process since the epoch in seconds.",
            read=lambda: [((), round(process.create_time(), 2))],
        )

        found = [metric for metric in vars(self).values() if isinstance(metric, Metric)]
        self._by_path = {metric.path: metric for metric in sorted(found, key=lambda metric: metric.name)}
        self._models, self._asked = _Shown(), _Shown()

    def request(
        self, api: str, entrypoint: str, model: str = "", timeout_s: float | None = None
    ) -> "RequestRecord":
        """Returns the record of a request that has just come in, to be used in a `with` statement.

        Args:
            api: what is asked: `"predict"`, `"classify"`, `"regress"`, or a name of ours for anything else.
            entrypoint: `"GRPC"` or `"REST"`.
            model: the name that the caller gave, whether there is such a model or not.
            timeout_s: how long the caller waits; None: for ever.
        """
        return RequestRecord(self, api, entrypoint, model, timeout_s)

    def render(self) -> bytes:
        """Returns the page, in Prometheus's text format 0.0.4."""
        lines = [line for metric in self._by_path.values() for line in metric.lines()]
        return ("\n".join(lines) + "\n").encode("utf-8", "replace")

    def total(self, path: str) -> int:
        """Returns what an upstream counter has come to over all labels.

        It is 0 for a path that is unknown or no counter's, as upstream answers to `metric_names` in a
        `ReloadConfigRequest`.
        """
        metric = self._by_path.get(path)
        return metric.total() if isinstance(metric, Counter) else 0


class RequestRecord:
    """One request on its way through the server; it is counted when its `with` block ends.

    An exception that leaves the block gives its code, unless one has been set. Whoever learns more sets it:

    Attributes:
        version: the version that answers, "" until there is one.
        signature: the signature that was asked for, if the version has it.
        code: the canonical status code; OK unless something is wrong.
        timeout_s: how long the caller waits; None: for ever.
        ends: when that is over, as a time of `time.perf_counter`.
        size: bytes of the message, if that is known.
    """

    def __init__(
        self, metrics: Metrics, api: str, entrypoint: str, model: str, timeout_s: float | None = None
    ):
        self.timeout_s = timeout_s
        self._metrics, self._api, self._entrypoint, self._model = metrics, api, entrypoint, model
        self.version, self.signature, self.code, self.size = "", "", "OK", 0

    def __enter__(self) -> "RequestRecord":
        metrics = self._metrics
        self._in_flight = self._model if metrics._models.has(self._model, False) else OTHER
        metrics.requests_in_flight.add(self._in_flight)
        self._began = time.perf_counter()
        self.ends = math.inf if self.timeout_s is None else self._began + self.timeout_s
        return self

    def ran(self, seconds: float, examples: int | None = None) -> None:
        """Notes how long the model ran, and on how many examples if upstream counts them."""
        metrics = self._metrics
        metrics.runtime_latency.observe(int(seconds * 1e6), self._model, self._api.capitalize(), "TF1")
        if examples is not None:
            metrics.request_example_counts.observe(examples, self._model)
            metrics.request_example_count_total.add(self._model, amount=examples)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        seconds = time.perf_counter() - self._began
        if error is not None and self.code == "OK":
            self.code = _code_of(error)
        metrics, code, fine = self._metrics, self.code, self.code == "OK"
        metrics.requests_in_flight.add(self._in_flight, amount=-1)

        model = self._model if metrics._models.has(self._model, fine) else OTHER
        asked = (model, self.version, self.signature, self._api, self._entrypoint)
        if not metrics._asked.has(asked, fine):
            asked = (model, OTHER, OTHER, self._api, self._entrypoint)
        metrics.requests_total.add(*asked, code)
        metrics.request_seconds.observe(seconds, *asked)

        # As upstream: of gRPC only what runs a model, of REST everything, its GETs without an API's name.
        runs_model = self._api in _RUN_A_MODEL
        if runs_model or self._entrypoint == "REST":
            metrics.request_count.add(model, code)
            if fine:
                name = self._api if runs_model else ""
                name = name.capitalize() if self._entrypoint == "GRPC" else name
                metrics.request_latency.observe(int(seconds * 1e6), model, name, self._entrypoint)


class _Shown:
    """What labels may name: all that has been proven to exist, and a hundred strangers."""

    def __init__(self) -> None:
        self._proven: set[str | Labels] = set()
        self._strangers: set[str | Labels] = set()
        self._lock = threading.Lock()

    def has(self, key: str | Labels, proven: bool) -> bool:
        """Whether a name or a set of them is shown; `proven` if there now is an answer from it."""
        if key in self._proven:
            return True
        with self._lock:
            if proven:
                self._proven.add(key)
                self._strangers.discard(key)
            elif key not in self._strangers:
                if len(self._strangers) >= _MOST_STRANGERS:
                    return False
                self._strangers.add(key)
        return True


def _code_of(error: BaseException) -> str:
    if isinstance(error, ServingError):
        return error.code
    return "CANCELLED" if isinstance(error, CancelledError) else "INTERNAL"

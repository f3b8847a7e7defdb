"""The metrics of the server, and their page for Prometheus.

All methods are thread-safe.
"""

import math
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable, Iterable

import psutil

from keras_session5.errors import ServingError
from keras_session5.server.metric_kinds import OTHER, Counter, Gauge, Histogram, Labels, Metric, exponential

# Clients may invent names; this many appear in labels.
_MAX_UNCONFIRMED = 100
# From the latency of a tiny model to the 30 s after which a REST request times out.
_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RUN_A_MODEL = frozenset(("predict", "classify", "regress"))


class Metrics:
    """All metrics of a server, as attributes, and the recording of requests.

    Names that clients invent must not fill the memory. Labels name a model once it has answered OK, and
    likewise a version with a signature. They also name the first hundred others; the rest are `other`.
    Metrics recorded without `request` must use names that the server knows.

    Args:
        states: returns the model, version and state of each version, for `session5_model_state`.
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

        labels = ("model", "version", "signature", "api", "entrypoint")
        self.requests_total = Counter(
            "session5_requests_total", (*labels, "code"), "Requests answered, by canonical status code."
        )
        self.request_seconds = Histogram(
            "session5_request_seconds", labels, _SECONDS, "Seconds from reading a request to its answer."
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
        self._models, self._label_sets = _LabelRegistry(), _LabelRegistry()

    def request(
        self, api: str, entrypoint: str, model: str = "", timeout_s: float | None = None
    ) -> "RequestRecord":
        """Returns the record of a new request, for a `with` statement.

        Args:
            api: `"predict"`, `"classify"`, `"regress"`, or a name of ours for any other request.
            entrypoint: `"GRPC"` or `"REST"`.
            model: the name in the request, whether or not such a model exists.
            timeout_s: how long the client waits; None: without limit.
        """
        return RequestRecord(self, api, entrypoint, model, timeout_s)

    def render(self) -> bytes:
        """Returns the page, in Prometheus's text format 0.0.4."""
        lines = [line for metric in self._by_path.values() for line in metric.lines()]
        return ("\n".join(lines) + "\n").encode("utf-8", "replace")

    def total(self, path: str) -> int:
        """Returns the sum of a counter across all labels, as the reply to a `ReloadConfigRequest` needs it.

        As in TensorFlow Serving, it is 0 for any other path.
        """
        metric = self._by_path.get(path)
        return metric.total() if isinstance(metric, Counter) else 0


class RequestRecord:
    """The record of one request, which the metrics count when its `with` block ends.

    The code that answers the request sets the attributes. An exception that leaves the block sets `code`
    unless it is already set.

    Attributes:
        version: the version that answers; empty until it is known.
        signature: the requested signature, if the version has it.
        code: the canonical status code; OK unless the request fails.
        timeout_s: how long the client waits; None: without limit.
        ends: the deadline, as a time of `time.perf_counter`.
        size: bytes of the message; 0 if unknown.
    """

    def __init__(
        self, metrics: Metrics, api: str, entrypoint: str, model: str, timeout_s: float | None = None
    ):
        self.timeout_s = timeout_s
        self._metrics, self._api, self._entrypoint, self._model = metrics, api, entrypoint, model
        self.version, self.signature, self.code, self.size = "", "", "OK", 0

    def __enter__(self) -> "RequestRecord":
        metrics = self._metrics
        self._in_flight = self._model if metrics._models.admit(self._model, False) else OTHER
        metrics.requests_in_flight.add(self._in_flight)
        self._began = time.perf_counter()
        self.ends = math.inf if self.timeout_s is None else self._began + self.timeout_s
        return self

    def record_run(self, seconds: float, examples: int | None = None) -> None:
        """Records how long the model ran, and on how many examples if upstream counts them."""
        metrics = self._metrics
        metrics.runtime_latency.observe(int(seconds * 1e6), self._model, self._api.capitalize(), "TF1")
        if examples is not None:
            metrics.request_example_counts.observe(examples, self._model)
            metrics.request_example_count_total.add(self._model, amount=examples)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        seconds = time.perf_counter() - self._began
        if error is not None and self.code == "OK":
            self.code = _get_code(error)
        metrics, code, fine = self._metrics, self.code, self.code == "OK"
        metrics.requests_in_flight.add(self._in_flight, amount=-1)

        model = self._model if metrics._models.admit(self._model, fine) else OTHER
        labels = (model, self.version, self.signature, self._api, self._entrypoint)
        if not metrics._label_sets.admit(labels, fine):
            labels = (model, OTHER, OTHER, self._api, self._entrypoint)
        metrics.requests_total.add(*labels, code)
        metrics.request_seconds.observe(seconds, *labels)

        # As in TensorFlow Serving, gRPC counts only runs of models, REST everything, GETs without an API.
        runs_model = self._api in _RUN_A_MODEL
        if runs_model or self._entrypoint == "REST":
            metrics.request_count.add(model, code)
            if fine:
                name = self._api if runs_model else ""
                name = name.capitalize() if self._entrypoint == "GRPC" else name
                metrics.request_latency.observe(int(seconds * 1e6), model, name, self._entrypoint)


class _LabelRegistry:
    """The values that labels may show: all confirmed ones, and a hundred others."""

    def __init__(self) -> None:
        self._confirmed: set[str | Labels] = set()
        self._unconfirmed: set[str | Labels] = set()
        self._lock = threading.Lock()

    def admit(self, key: str | Labels, confirmed: bool) -> bool:
        """Returns whether labels may show a name or a tuple of names; an OK answer confirms it."""
        if key in self._confirmed:
            return True
        with self._lock:
            if confirmed:
                self._confirmed.add(key)
                self._unconfirmed.discard(key)
            elif key not in self._unconfirmed:
                if len(self._unconfirmed) >= _MAX_UNCONFIRMED:
                    return False
                self._unconfirmed.add(key)
        return True


def _get_code(error: BaseException) -> str:
    if isinstance(error, ServingError):
        return error.code
    return "CANCELLED" if isinstance(error, CancelledError) else "INTERNAL"

"""The metrics page, read back by a parser of its own."""

import asyncio
import re
import threading
import time

import numpy as np
import pytest

from keras_session5.errors import NotFoundError
from keras_session5.server.metric_kinds import OTHER, Counter, Gauge, Histogram, exponential
from keras_session5.server.metrics import Metrics

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')


def parse(page: bytes | list[str]):
    """Returns types by name, helps by name, and values by name and label pairs; fails on any other text."""
    lines = page.decode().removesuffix("\n").split("\n") if isinstance(page, bytes) else page
    types, helps, values = {}, {}, {}
    for line in lines:
        if line.startswith("# "):
            _, kind, name, text = line.split(" ", 3)
            where = {"TYPE": types, "HELP": helps}[kind]
            assert name not in where
            where[name] = text
            continue
        name, inside, number = SAMPLE.fullmatch(line).groups()
        assert re.sub(r"_(bucket|sum|count)$", "", name) in types or name in types
        assert not PAIR.sub("", inside or "")
        pairs = {key: unescape(value) for key, value in PAIR.findall(inside or "")}
        series = name, tuple(pairs.items())
        assert series not in values
        values[series] = float(number)
    return types, helps, values


def unescape(value):
    return re.sub(r"\\(.)", lambda match: {"n": "\n"}.get(match[1], match[1]), value)


def series(page, name):
    """The values of one name, by label values."""
    found = parse(page)[2]
    return {tuple(v for _, v in pairs): number for (n, pairs), number in found.items() if n == name}


def ask(metrics, model, code="OK", api="predict", entrypoint="GRPC", version="", signature=""):
    with metrics.request(api, entrypoint, model) as request:
        request.version, request.signature, request.code = version, signature, code


def test_upstreams_metrics_look_as_upstreams_own_tests_want_them():
    """The cases of tensorflow_serving/util/prometheus_exporter_test.cc."""
    counter = Counter("/test/path/total", ["name"])
    counter.add("abc", amount=2)
    assert counter.lines() == ["# TYPE :test:path:total counter", ':test:path:total{name="abc"} 2']
    gauge = Gauge("/test/path/gauge", ["x", "y"])
    gauge.add("abc", "def", amount=5)
    assert gauge.lines() == ["# TYPE :test:path:gauge gauge", ':test:path:gauge{x="abc",y="def"} 5']
    counter = Counter("/test/path/total", ["name"])
    counter.add('"abc\\"', amount=2)
    assert counter.lines()[1] == r':test:path:total{name="\"abc\\\""} 2'

    histogram = Histogram("/test/path/histogram", ["status"], exponential(1, 2, 10))
    for value in (2, 20, 200):
        histogram.observe(value, "good")
    counts = {1: 0, 2: 0, 4: 1, 8: 1, 16: 1, 32: 2, 64: 2, 128: 2, 256: 3, 512: 3, "+Inf": 3}
    name = ":test:path:histogram"
    assert histogram.lines() == [
        f"# TYPE {name} histogram",
        *(f'{name}_bucket{{status="good",le="{le}"}} {count}' for le, count in counts.items()),
        f'{name}_sum{{status="good"}} 222',
        f'{name}_count{{status="good"}} 3',
    ]


def test_upstream_writes_braces_and_types_even_around_nothing():
    count = Counter("/tensorflow/serving/batching_session/wrapped_run_count")
    assert count.lines() == ["# TYPE :tensorflow:serving:batching_session:wrapped_run_count counter"]
    count.add()
    assert count.lines()[1] == ":tensorflow:serving:batching_session:wrapped_run_count{} 1"
    ours = Counter("ours_total")
    ours.add()
    assert ours.lines()[1] == "ours_total 1"


def test_our_buckets_include_their_bound_and_count_what_is_above():
    histogram = Histogram("seconds", ["model"], [0.5, 1, 2.5])
    observed = [0.1, 0.5, 0.75, 1, 2, 3, 30]
    for value in observed:
        histogram.observe(value, "m")
    found = series(histogram.lines(), "seconds_bucket")
    assert found == {("m", le): sum(v <= float(le) for v in observed) for le in ("0.5", "1", "2.5", "+Inf")}
    assert series(histogram.lines(), "seconds_sum") == {("m",): pytest.approx(sum(observed))}
    assert series(histogram.lines(), "seconds_count") == {("m",): len(observed)}


def test_the_latency_buckets_are_ten_times_powers_of_1_8():
    metrics = Metrics()
    for metric in (metrics.request_latency, metrics.runtime_latency, metrics.model_warmup_latency):
        assert metric.bounds == pytest.approx([10 * 1.8**k for k in range(33)])
    ask(metrics, "m")
    limits = [le for *_, le in series(metrics.render(), ":tensorflow:serving:request_latency_bucket")]
    assert limits == [*(f"{10 * 1.8**k:.6g}" for k in range(33)), "+Inf"]
    assert limits[:5] == ["10", "18", "32.4", "58.32", "104.976"]
    assert limits[19] == "708235"  # as dashboards in the wild ask for it
    assert metrics.queuing_latency.bounds == pytest.approx([100 * 1.2**k for k in range(52)])
    assert metrics.input_batch_size.bounds == [2**k for k in range(14)]


def test_a_request_is_counted_in_upstreams_words_and_in_ours():
    metrics = Metrics()
    with metrics.request("predict", "GRPC", "x") as request:
        request.version, request.signature = "3", "serving_default"
        time.sleep(0.002)
    page = metrics.render()
    asked = ("x", "3", "serving_default", "predict", "GRPC")
    assert (
        b"# TYPE :tensorflow:serving:request_count counter\n"
        b':tensorflow:serving:request_count{model_name="x",status="OK"} 1\n'
    ) in page
    assert series(page, "session5_requests_total") == {(*asked, "OK"): 1}
    assert series(page, "session5_request_seconds_count") == {asked: 1}
    (seconds,) = series(page, "session5_request_seconds_sum").values()
    assert 0.002 <= seconds < 10
    latency = series(page, ":tensorflow:serving:request_latency_sum")
    assert latency == {("x", "Predict", "GRPC"): int(seconds * 1e6)}
    assert b'_bucket{model_name="x",API="Predict",entrypoint="GRPC",le="10"} 0\n' in page


@pytest.mark.parametrize(
    ("api", "entrypoint", "counted", "named"),
    [
        ("classify", "GRPC", True, "Classify"),
        ("regress", "REST", True, "regress"),
        ("status", "REST", True, ""),
        ("multi_inference", "GRPC", False, None),
        ("metadata", "GRPC", False, None),
    ],
)
def test_upstream_counts_what_runs_a_model_and_all_of_rest(api, entrypoint, counted, named):
    metrics = Metrics()
    ask(metrics, "x", "OK", api, entrypoint)
    ask(metrics, "x", "INVALID_ARGUMENT", api, entrypoint)
    page = metrics.render()
    count = {("x", "OK"): 1, ("x", "INVALID_ARGUMENT"): 1} if counted else {}
    assert series(page, ":tensorflow:serving:request_count") == count
    latency = {("x", named, entrypoint): 1} if counted else {}  # of the success only
    assert series(page, ":tensorflow:serving:request_latency_count") == latency
    assert sum(series(page, "session5_requests_total").values()) == 2
    assert series(page, "session5_request_seconds_count") == {("x", "", "", api, entrypoint): 2}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundError("no such model"), "NOT_FOUND"),
        (asyncio.CancelledError(), "CANCELLED"),
        (ZeroDivisionError(), "INTERNAL"),
    ],
)
def test_an_exception_passes_through_and_gives_its_code(error, code):
    metrics = Metrics()
    with pytest.raises(type(error)), metrics.request("predict", "REST", "x"):
        raise error
    assert series(metrics.render(), ":tensorflow:serving:request_count") == {("x", code): 1}
    assert series(metrics.render(), "session5_requests_in_flight") == {("x",): 0}


def test_what_is_in_flight_is_told_while_it_is():
    metrics = Metrics()
    with metrics.request("predict", "GRPC", "x"):
        with metrics.request("predict", "REST", "x"):
            assert series(metrics.render(), "session5_requests_in_flight") == {("x",): 2}
        assert series(metrics.render(), "session5_requests_in_flight") == {("x",): 1}
    assert series(metrics.render(), "session5_requests_in_flight") == {("x",): 0}


def test_states_are_asked_for_when_the_page_is_read():
    states = [("x", 1, "LOADING"), ("y", 7, "AVAILABLE")]
    metrics = Metrics(lambda: states)
    name = "session5_model_state"
    assert series(metrics.render(), name) == {("x", "1", "LOADING"): 1, ("y", "7", "AVAILABLE"): 1}
    states[:] = [("x", 1, "AVAILABLE")]
    assert series(metrics.render(), name) == {("x", "1", "AVAILABLE"): 1}


def test_the_process_tells_its_memory_and_its_start():
    page = Metrics().render()
    (memory,) = series(page, "process_resident_memory_bytes").values()
    assert 2**20 < memory < 2**40
    (start,) = series(page, "process_start_time_seconds").values()
    assert time.time() - 86_400 < start <= time.time()


def test_the_page_is_sorted_and_only_ours_has_help():
    metrics = Metrics()
    ask(metrics, "x")
    page = metrics.render()
    assert page.endswith(b"\n")
    assert not page.endswith(b"\n\n")
    types, helps, _ = parse(page)
    assert list(types) == sorted(types)
    assert helps.keys() == {name for name in types if not name.startswith(":")}
    assert all(text.endswith(".") for text in helps.values())


def test_label_values_are_escaped():
    metrics = Metrics()
    names = ["plain", 'quo"te', "back\\slash", "new\nline", "a\\nb", 'all\\"\n,}{=', "ünï", "", "\ud800"]
    for name in names:
        ask(metrics, name)
    found = series(metrics.render(), ":tensorflow:serving:request_count")
    assert found.keys() == {(name.replace("\ud800", "?"), "OK") for name in names}


def test_numpys_numbers_are_numbers():
    histogram = Histogram("sizes", (), [1, 2])
    histogram.observe(np.float64(1.5))
    histogram.observe(np.int64(2))
    assert series(histogram.lines(), "sizes_sum") == {(): 3.5}


def test_a_metric_has_a_limit_and_counts_the_rest_together():
    counter = Counter("asked_total", ["model", "code"], max_series=3)
    histogram = Histogram("seconds", ["model", "code"], [1], max_series=3)
    for i in range(10):
        counter.add(f"m{i}", "OK")
        histogram.observe(2, f"m{i}", "OK")
    counter.add("m1", "OK")
    expected = {("m0", "OK"): 1, ("m1", "OK"): 2, ("m2", "OK"): 1, (OTHER, OTHER): 7}
    assert series(counter.lines(), "asked_total") == expected
    assert series(histogram.lines(), "seconds_count")[OTHER, OTHER] == 7


def test_callers_cannot_invent_series_without_limit():
    metrics = Metrics()
    ask(metrics, "real", version="1", signature="serving_default")
    lengths = []
    for i in range(1000):
        ask(metrics, f"invented{i}", "NOT_FOUND")
        ask(metrics, "real", "NOT_FOUND", version=f"{i}")
        ask(metrics, "real", "INVALID_ARGUMENT", version="1", signature=f"invented{i}")
        lengths.append(len(metrics.render().splitlines()) if i in (200, 999) else 0)
    assert lengths[200] == lengths[999] < 5000
    page = metrics.render()
    count = series(page, ":tensorflow:serving:request_count")
    assert count["invented0", "NOT_FOUND"] == 1  # as upstream tells it
    assert count[OTHER, "NOT_FOUND"] == 900
    assert count["real", "NOT_FOUND"] == count["real", "INVALID_ARGUMENT"] == 1000
    total = series(page, "session5_requests_total")
    assert sum(total.values()) == 3001
    assert total["real", OTHER, OTHER, "predict", "GRPC", "NOT_FOUND"] > 900
    assert set(series(page, "session5_requests_in_flight").values()) == {0}

    # What is real has its own series even then, and so does what becomes real.
    asked = ("real", "1", "serving_default", "predict", "GRPC")
    ask(metrics, "real", "RESOURCE_EXHAUSTED", version="1", signature="serving_default")
    ask(metrics, "late", "NOT_FOUND")
    ask(metrics, "late", version="1", signature="s")
    ask(metrics, "late", "INTERNAL", version="1", signature="s")
    total = series(metrics.render(), "session5_requests_total")
    assert total[*asked, "OK"] == total[*asked, "RESOURCE_EXHAUSTED"] == 1
    assert total["late", "1", "s", "predict", "GRPC", "INTERNAL"] == 1
    assert ("late", "", "", "predict", "GRPC", "NOT_FOUND") not in total


def test_a_metrics_labels_are_always_given():
    with pytest.raises(ValueError, match="session5_requests_total must have the labels"):
        Metrics().requests_total.add("model")


def test_the_totals_that_a_reload_tells_the_increase_of():
    metrics = Metrics()
    assert metrics.total("/tensorflow/serving/request_count") == 0
    ask(metrics, "x")
    ask(metrics, "y", "NOT_FOUND")
    metrics.request_example_count_total.add("x", amount=5)
    assert metrics.total("/tensorflow/serving/request_count") == 2
    assert metrics.total("/tensorflow/serving/request_example_count_total") == 5
    assert metrics.total("/tensorflow/serving/request_latency") == 0  # no counter
    assert metrics.total("/no/such/metric") == 0


def test_eight_threads_lose_nothing_while_the_page_is_read():
    metrics = Metrics()
    done, pages = threading.Event(), []

    def read():
        while not done.is_set():
            pages.append(metrics.render())

    def work(thread):
        for i in range(1000):
            ask(metrics, f"m{i % 3}", "OK" if i % 2 else "INTERNAL", version=str(thread))

    reader = threading.Thread(target=read)
    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in (reader, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    reader.join()

    page = metrics.render()
    assert sum(series(page, ":tensorflow:serving:request_count").values()) == 8000
    assert sum(series(page, "session5_requests_total").values()) == 8000
    assert sum(series(page, "session5_request_seconds_count").values()) == 8000
    assert sum(series(page, ":tensorflow:serving:request_latency_count").values()) == 4000
    assert set(series(page, "session5_requests_in_flight").values()) == {0}
    for page in pages[:: max(1, len(pages) // 20)]:
        above = series(page, "session5_request_seconds_bucket")
        counts = series(page, "session5_request_seconds_count")
        for labels, count in counts.items():
            rising = [above[*labels, f"{bound:g}"] for bound in metrics.request_seconds.bounds]
            assert rising == sorted(rising)
            assert rising[-1] <= above[*labels, "+Inf"] == count

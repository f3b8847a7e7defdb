"""What must not happen, however long and however hard the server is used."""

import gc
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from keras_session5.errors import ServingError
from keras_session5.server import Server
from keras_session5.server.config import ModelConfig, VersionPolicy
from keras_session5.server.settings import Settings

from .asking import Grpc, Rest, Spec
from .saved_models import save_half_plus

QUICK_OR_LONG = pytest.mark.parametrize(
    "seconds", [5, pytest.param(60, marks=[pytest.mark.stress, pytest.mark.timeout(600)])]
)
X = {"x": np.zeros((1, 1), np.float32)}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Versions that answer 0, 1, 2 and 3 for an input of 0."""
    root = tmp_path_factory.mktemp("sources")
    for offset in range(4):
        save_half_plus(root / str(offset), float(offset))
    return [root / str(offset) for offset in range(4)]


class Folder:
    """A base path whose versions come, go and break."""

    def __init__(self, base: Path, sources: list[Path]):
        self.base, self.sources = base, sources
        self.answers: dict[int, float] = {}  # of each version ever put there

    def add(self, number: int, damage: Callable[[Path], object] | None = None) -> None:
        offset = number % len(self.sources)
        beside = self.base / f"being-copied-{number}"
        shutil.copytree(self.sources[offset], beside)
        if damage:
            damage(beside)
        else:
            self.answers[number] = float(offset)
        beside.rename(self.base / str(number))

    def remove(self, number: int) -> None:
        gone = self.base / f"gone-{number}"
        (self.base / str(number)).rename(gone)
        shutil.rmtree(gone)


DAMAGES = [
    lambda path: (path / "saved_model.pb").write_bytes(b"not a model"),
    lambda path: (path / "saved_model.pb").unlink(),
    lambda path: shutil.rmtree(path / "variables"),
    lambda path: next(path.glob("variables/*data*")).write_bytes(b"short"),
]


def _change(folder: Folder, leave: threading.Event) -> None:
    """Replaces the version in place by a newer one again and again, with broken ones in between."""
    chance = random.Random(0)
    for number in itertools.count(2):
        if leave.wait(0.3):
            return
        if chance.random() < 0.4:
            folder.add(number, chance.choice(DAMAGES))
            leave.wait(0.2)
            folder.remove(number)
        else:
            folder.add(number)
            if number % 3:  # else it is an old one that comes on top of others
                for old in sorted(int(path.name) for path in folder.base.iterdir() if path.name.isdecimal())[
                    :-1
                ]:
                    folder.remove(old)


@QUICK_OR_LONG
def test_no_request_fails_while_versions_change(tmp_path: Path, sources: list[Path], seconds: int):
    folder = Folder(tmp_path / "half", sources)
    folder.base.mkdir()
    folder.add(1)
    settings = Settings(
        grpc_port=0,
        rest_port=0,
        file_system_poll_wait_seconds=0.05,
        max_num_load_retries=1,
        load_retry_interval_micros=50_000,
    )
    config = ModelConfig("half", str(folder.base), VersionPolicy(latest=2))
    leave, failures, seen = threading.Event(), [], set()

    def available() -> set[int]:
        return {v.number for m in server.models() for v in m.versions if v.state.name == "AVAILABLE"}

    def ask(kind: type) -> int:
        client, count = kind(server.grpc_address if kind is Grpc else server.rest_address), 0
        while not leave.is_set():
            before = available()
            try:
                answer = float(np.ravel(client.predict(Spec("half"), X)["y"])[0])
            except (ServingError, OSError) as error:
                failures.append(repr(error))
                continue
            seen.add(answer)
            # One in between may have come and gone meanwhile: numbers only rise.
            span = range(min(before), max(before | available()) + 1)
            if answer not in {folder.answers[number] for number in span if number in folder.answers}:
                failures.append(f"{answer} while {before} were available")
            count += 1
        client.close()
        return count

    with Server([config], settings).start() as server, ThreadPoolExecutor(5) as threads:
        server.wait_for_models(60)
        counts = [threads.submit(ask, kind) for kind in (Rest, Grpc, Rest, Grpc)]
        change = threads.submit(_change, folder, leave)
        time.sleep(seconds)
        deadline = time.monotonic() + 60
        while len(seen) <= 2 and time.monotonic() < deadline:  # a busy machine is slow
            time.sleep(0.1)
        leave.set()
        change.result()
        assert min(count.result() for count in counts) > 0
    assert not failures, failures[:5]
    assert len(seen) > 2  # the versions did change


@contextmanager
def model_server(base: Path, *flags: str) -> Iterator[tuple[subprocess.Popen, int, int]]:
    """A server of its own process, with its ports for gRPC and REST."""
    ports = [_free_port(), _free_port()]
    command = [
        sys.executable,
        "-m",
        "keras_session5.server",
        f"--port={ports[0]}",
        f"--rest_api_port={ports[1]}",
    ]
    process = subprocess.Popen([*command, "--model_name=half", f"--model_base_path={base}", *flags])
    try:
        yield process, *ports
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _first_answer(port: int) -> float:
    deadline = time.monotonic() + 60
    while True:
        client = Rest(f"http://127.0.0.1:{port}")
        try:
            return float(np.ravel(client.predict(Spec("half"), X)["y"])[0])
        except (OSError, ServingError):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        finally:
            client.close()


def test_a_killed_server_serves_the_same_after_a_restart(tmp_path: Path, sources: list[Path]):
    folder = Folder(tmp_path, sources)
    folder.add(1)
    folder.add(3)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    for _ in range(2):
        with model_server(tmp_path) as (process, _, port):
            assert _first_answer(port) == 3
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def _resident_mib(process: int) -> float:
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads /proc")
@pytest.mark.parametrize(
    ("first", "all_"),
    [
        (2_000, 8_000),
        pytest.param(30_000, 300_000, marks=[pytest.mark.stress, pytest.mark.timeout(1800)]),
    ],
)
def test_memory_does_not_grow_with_the_requests(tmp_path: Path, sources: list[Path], first: int, all_: int):
    """An hour's worth of requests of every kind, wrong ones too, as fast as they go."""
    Folder(tmp_path, sources).add(1)

    def send(port: int, grpc_port: int, count: int) -> None:
        rest, rpc = Rest(f"http://127.0.0.1:{port}"), Grpc(f"127.0.0.1:{grpc_port}")
        for index in range(count):
            with suppress(ServingError):
                if index % 2:
                    rpc.predict(Spec("half"), {"x": np.zeros((1 + index % 5, 1), np.float32)})
                elif index % 20 == 0:
                    rest.predict(Spec(f"none{index}"), X)
                elif index % 20 == 2:
                    rest.ask("POST", "/v1/models/half:predict", f'{{"instances": ["{"a" * index}"]}}')
                else:
                    rest.predict(Spec("half"), X)
        rest.close()
        rpc.close()

    with model_server(tmp_path) as (process, grpc_port, port):
        assert _first_answer(port) == 1
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: send(port, grpc_port, first // 4), range(4)))
            before = _resident_mib(process.pid)
            list(threads.map(lambda _: send(port, grpc_port, (all_ - first) // 4), range(4)))
        after = _resident_mib(process.pid)
        assert after < before * 1.05, (before, after)


def test_random_bytes_and_cut_off_messages_end_nothing(server, rest: Rest, grpc_client: Grpc):
    chance = random.Random(1)
    message = (
        b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 25\r\n\r\n"
        + b'{"instances": [[1.0]]}   '
    )
    ports = [int(address.rpartition(":")[2]) for address in (server.rest_address, server.grpc_address)]
    for attempt in range(60):
        for port in ports:
            with socket.create_connection(("127.0.0.1", port), 10) as connection, suppress(OSError):
                content = chance.randbytes(chance.randrange(1, 2000)) if attempt % 2 else message
                connection.sendall(content[: chance.randrange(1, len(content) + 1)])
                if attempt % 3 == 0:
                    connection.shutdown(socket.SHUT_WR)
                    connection.settimeout(1)
                    connection.recv(1000)
    assert rest.predict(Spec("half"), X)["y"] == 3
    assert grpc_client.predict(Spec("half"), X)["y"] == 3


def test_messages_that_are_no_requests_are_refused(server, grpc_client: Grpc):
    chance = random.Random(2)
    names = ["PredictionService/Predict", "PredictionService/Classify", "PredictionService/Regress",
             "PredictionService/MultiInference", "PredictionService/GetModelMetadata",
             "ModelService/GetModelStatus", "ModelService/HandleReloadConfigRequest"]  # fmt: skip
    for name in names:
        call = grpc_client.channel.unary_unary(f"/tensorflow.serving.{name}")
        for _ in range(20):
            with pytest.raises(grpc.RpcError) as caught:
                call(b"\xff" + chance.randbytes(chance.randrange(300)), timeout=60)
            assert caught.value.code() in (grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT)
    assert grpc_client.predict(Spec("half"), X)["y"] == 3


def test_clients_that_go_away_leave_no_thread_and_no_file_behind(server, rest: Rest):
    port = int(server.rest_address.rpartition(":")[2])

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    rest.predict(Spec("half"), X)
    gc.collect()
    files, threads = open_files(), threading.active_count()
    head = b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    for cut in (0, 10, len(head), len(head)):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.sendall((head + b'{"instances": [')[: cut or None])
    deadline = time.monotonic() + 60
    while open_files() > files + 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert open_files() <= files + 2
    assert threading.active_count() <= threads + 2
    assert rest.predict(Spec("half"), X)["y"] == 3


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/../half",
        "/v1/models/..%2Fhalf",
        "/v1/models/%2Fetc%2Fpasswd",
        "/v1/models/half/versions/..",
        "/v1/models/half%2F..%2Fhalf/metadata",
        "/v1/models/half/labels/..%2F1/metadata",
        "/v1/models/%00",
        "/../../etc/passwd",
        "/v1/models/%2e%2e/metadata",
    ],
)
def test_no_path_reaches_a_file(rest: Rest, path: str):
    status, reply = rest.request("GET", path)
    assert status in (400, 404)
    assert b"root:" not in reply


def test_a_body_of_many_megabytes_and_one_nested_half_a_million_deep(rest: Rest):
    numbers = b"[" + b",".join([b"0.5"] * 8_000_000) + b"]"
    status, reply = rest.request(
        "POST", "/v1/models/half:predict", b'{"signature_name": "double", "inputs": ' + numbers + b"}"
    )
    assert status == 200
    assert reply.count(b"3.25") == 8_000_000
    deep = b"[" * 500_000 + b"1" + b"]" * 500_000
    for body in (
        b'{"inputs": ' + deep + b"}",
        b'{"x": ' + deep + b', "instances": [[0]]}',
        deep,
        b"[" * 500_000,
    ):
        status, reply = rest.request("POST", "/v1/models/half:predict", body)
        assert status == 400
        assert len(reply) < 1000


class Summing(tf.Module):
    """Adds up a vector."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def add(self, x):
        return {"y": tf.reduce_sum(x)}


def _peak_mib(process: int) -> float:
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads /proc")
def test_a_large_tensor_is_in_memory_three_times_at_most(tmp_path: Path):
    """As it came, as the message or the array that is made of it, and in TensorFlow; and some buffers."""
    module = Summing()
    tf.saved_model.save(module, str(tmp_path / "1"), signatures=module.add)
    mib = 128
    with model_server(tmp_path) as (process, grpc_port, port):
        client = Rest(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 60
        while True:
            with suppress(OSError, ServingError):
                client.predict(Spec("half"), {"x": np.zeros(1, np.float32)})
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client.close()
        options = [("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(f"127.0.0.1:{grpc_port}", options) as channel:
            request = predict_pb2.PredictRequest(model_spec={"name": "half"})
            request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.ones(mib * 2**18, np.float32)))
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            before = _peak_mib(process.pid)
            (value,) = stub.Predict(request, timeout=120, wait_for_ready=True).outputs["y"].float_val
        assert value == mib * 2**18
        assert _peak_mib(process.pid) - before < 3.5 * mib


class Counting(tf.Module):
    """Adds one as often as it is asked to, so that it takes as long as is wanted."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
    def count(self, x):
        times = tf.cast(tf.reduce_max(x), tf.int64)
        start = [tf.constant(0, tf.int64), x]
        _, y = tf.while_loop(lambda i, _: i < times, lambda i, y: (i + 1, y + 1), start)
        return {"y": y}


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("counting")
    module = Counting()
    tf.saved_model.save(module, str(base / "1"), signatures=module.count)
    return base


def _count(port: int, times: float) -> tuple[int, bytes]:
    client = Rest(f"http://127.0.0.1:{port}")
    try:
        return client.request("POST", "/v1/models/half:predict", f'{{"instances": [{times}]}}')
    finally:
        client.close()


def _wait_for_count(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert _count(port, 10)[0] == 200
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_end_does_not_wait_for_a_request_that_takes_for_ever(counting: Path):
    with model_server(counting, "--shutdown_grace_seconds=1") as (process, _, port):
        _wait_for_count(port)
        with ThreadPoolExecutor(1) as threads:
            answer = threads.submit(_count, port, 1e12)
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
            assert answer.result()[0] == 503


def test_requests_that_were_given_up_do_not_keep_the_threads(counting: Path):
    flags = ["--rest_api_timeout_in_ms=2000", "--rest_api_num_threads=1", "--grpc_max_threads=1"]
    with model_server(counting, *flags) as (_, _, port):
        _wait_for_count(port)
        assert _count(port, 10_000)[0] == 200  # slow, as is now known
        assert _count(port, 1e12)[0] == 504
        time.sleep(1)
        assert _count(port, 10)[0] == 200


def test_a_slow_request_does_not_hold_up_the_others(counting: Path):
    with model_server(counting) as (_, _, port), ThreadPoolExecutor(1) as threads:
        _wait_for_count(port)
        for _ in range(3):
            assert _count(port, 10)[0] == 200
        slow = threads.submit(_count, port, 300_000)
        client = Rest(f"http://127.0.0.1:{port}")
        answered = 0
        while not slow.done():
            assert client.request("GET", "/healthz")[0] == 200
            answered += 1
        client.close()
        assert answered > 2  # one that was held up would be answered when the slow one is
        assert slow.result()[0] == 200

"""Starting, stopping, and versions that change under load."""

import re
import shutil
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

from keras_session5.errors import InvalidArgumentError, NotFoundError, UnavailableError
from keras_session5.server import Server, serve
from keras_session5.server.batching_parameters import BatchingParameters
from keras_session5.server.config import ModelConfig
from keras_session5.server.settings import Settings

from .asking import Asker, Grpc, Rest, Spec

X = {"x": np.array([1.0], np.float32)}


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _has(server: Server, number: int, state: str) -> Callable[[], bool]:
    """Whether the first model has that version in that state."""
    return lambda: (number, state) in [(v.number, v.state.name) for v in server.models()[0].versions]


def test_a_server_says_where_it_is_and_what_it_serves(server):
    assert re.fullmatch(r"127\.0\.0\.1:\d+", server.grpc_address)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.rest_address)
    assert [model.name for model in server.models()] == ["half", "pair", "kinds"]
    assert [version.number for version in server.models()[0].versions] == [2, 1]


def test_versions_change_under_load_without_a_failed_request(
    tmp_path: Path, copy_version: Callable[[int, Path], None]
):
    """Several clients ask without a pause while versions come, are corrupt, and go."""
    base = tmp_path / "half"
    base.mkdir()
    copy_version(1, base / "1")
    settings = Settings(
        grpc_port=0,
        rest_port=0,
        file_system_poll_wait_seconds=0.05,
        load_retry_interval_micros=20_000,
        max_num_load_retries=1,
    )
    answers: list[float] = []
    failures: list[Exception] = []
    done = threading.Event()

    def ask(client: Asker) -> None:
        while not done.is_set():
            try:
                answers.append(float(client.predict(Spec("half"), X)["y"][0]))
            except Exception as error:
                failures.append(error)
        client.close()

    with Server([ModelConfig("half", str(base))], settings).start() as server:
        server.wait_for_models(60)
        clients = [Rest(server.rest_address), Grpc(server.grpc_address), Rest(server.rest_address)]
        threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        try:
            for number in (2, 3, 4, 5):
                copy_version(1 + number % 2, base / str(number))
                _eventually(_has(server, number, "AVAILABLE"))
                _eventually(_has(server, number - 1, "END"))
            (base / "6").mkdir()
            _eventually(_has(server, 6, "END"))
            shutil.rmtree(base / "6")
            shutil.rmtree(base / "5")
            _eventually(_has(server, 4, "AVAILABLE"))
        finally:
            done.set()
            for thread in threads:
                thread.join()
    assert failures == []
    assert len(answers) > 50
    assert set(answers) == {2.5, 3.5}


def test_a_stopped_server_leaves_no_thread_and_frees_its_ports(saved: Path):
    before = set(threading.enumerate())
    with serve({"pair": saved / "pair"}) as server:
        rest = Rest(server.rest_address)
        assert rest.states(Spec("pair")) == [(7, "AVAILABLE")]
        rest.close()
    # gRPC keeps one thread for all of the process.
    _eventually(lambda: not [t for t in set(threading.enumerate()) - before if "poll" not in t.name])
    host, port = server.rest_address.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=2)
    server.stop()
    server.wait()


def test_half_a_request_does_not_hold_up_the_end(saved: Path):
    server = serve({"pair": saved / "pair"})
    host, port = server.rest_address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /v1/models/pair:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        began = time.monotonic()
        server.stop(grace_s=0.5)
        assert time.monotonic() - began < 20  # a request may take thirty


def test_a_request_in_flight_is_finished_before_the_end(saved: Path, monkeypatch: pytest.MonkeyPatch):
    from keras_session5.server.runtime import SavedModel

    running, run = threading.Semaphore(0), SavedModel.run

    def slow_run(self, *arguments):
        running.release()
        time.sleep(0.3)
        return run(self, *arguments)

    monkeypatch.setattr(SavedModel, "run", slow_run)
    answers = []
    with serve({"half": saved / "half"}) as server:
        rest, grpc_client = Rest(server.rest_address), Grpc(server.grpc_address)
        threads = [
            threading.Thread(target=lambda c=client: answers.append(c.predict(Spec("half"), X)["y"][0]))
            for client in (rest, grpc_client)
        ]
        for thread in threads:
            thread.start()
        assert all(running.acquire(timeout=60) for _ in threads)
    for thread in threads:
        thread.join()
    assert answers == [3.5, 3.5]
    rest.close()
    grpc_client.close()


def test_while_it_finishes_what_is_in_flight_it_is_not_ready(saved: Path, monkeypatch: pytest.MonkeyPatch):
    from keras_session5.server.runtime import SavedModel

    running, go_on, run = threading.Event(), threading.Event(), SavedModel.run

    def slow_run(self, *arguments):
        running.set()
        go_on.wait(60)
        return run(self, *arguments)

    with serve({"half": saved / "half"}) as server:
        monkeypatch.setattr(SavedModel, "run", slow_run)
        slow, quick = Rest(server.rest_address), Rest(server.rest_address)
        with ThreadPoolExecutor(2) as threads:
            answer = threads.submit(slow.predict, Spec("half"), X)
            assert running.wait(60)
            assert quick.request("GET", "/readyz") == (200, b"ok\n")
            stop = threads.submit(server.stop)
            while quick.request("GET", "/readyz")[0] == 200:
                pass
            assert quick.request("GET", "/readyz") == (503, b"stopping\n")
            assert quick.request("GET", "/healthz") == (200, b"ok\n")
            go_on.set()
            assert answer.result()["y"] == 3.5
            stop.result(60)
        slow.close()
        quick.close()


def test_a_model_without_a_version_is_named(saved: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    models = {"half": saved / "half", "empty": tmp_path / "empty", "absent": tmp_path / "absent"}
    with pytest.raises(UnavailableError) as caught:
        serve(models)
    text = str(caught.value)
    assert f"No versions of servable empty found under base path {tmp_path / 'empty'}" in text
    assert f"Could not find base path {tmp_path / 'absent'} for servable absent" in text
    assert "half" not in text


def test_a_corrupt_model_is_named_before_it_is_tried_again(tmp_path: Path):
    (tmp_path / "m/1").mkdir(parents=True)
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="version 1 could not be loaded: Could not find SavedModel"):
        serve({"m": tmp_path / "m"})
    assert time.monotonic() - began < 50  # the interval between two tries is a minute


def test_the_good_models_can_be_served_without_the_bad(saved: Path, tmp_path: Path):
    with serve({"half": saved / "half", "absent": tmp_path}, require_all=False) as server:
        client = Grpc(server.grpc_address)
        assert client.predict(Spec("half"), X)["y"] == 3.5
        with pytest.raises(NotFoundError):
            client.predict(Spec("absent"), X)
        client.close()


@pytest.mark.parametrize("which", ["grpc_port", "rest_port"])
def test_a_taken_port_is_a_sentence(saved: Path, which: str):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UnavailableError, match=rf"^Port {port} on 127\.0\.0\.1 is taken"):
            serve({"half": saved / "half"}, **{which: port})


def test_a_request_that_takes_too_long_is_given_up(saved: Path, monkeypatch: pytest.MonkeyPatch):
    from keras_session5.server.runtime import SavedModel

    monkeypatch.setattr(SavedModel, "run", lambda *_: time.sleep(0.3))
    settings = Settings(grpc_port=0, rest_port=0, rest_api_timeout_in_ms=50, enable_model_warmup=False)
    with Server([ModelConfig("half", str(saved / "half"))], settings).start() as server:
        server.wait_for_models(60)
        rest = Rest(server.rest_address)
        status, body = rest.request("POST", "/v1/models/half:predict", b'{"instances": [1]}')
        assert (status, b"Timed out" in body) == (504, True)
        rest.close()


def test_grpc_can_listen_on_a_unix_socket(saved: Path, tmp_path: Path):
    settings = Settings(grpc_port=None, grpc_socket_path=str(tmp_path / "socket"))
    with Server([ModelConfig("half", str(saved / "half"))], settings).start() as server:
        server.wait_for_models(60)
        assert server.rest_address == ""
        client = Grpc(server.grpc_address)
        assert client.predict(Spec("half"), X)["y"] == 3.5
        client.close()


def test_the_settings_reach_what_they_are_for(saved: Path):
    settings = Settings(
        grpc_port=0,
        batching=BatchingParameters(max_batch_size=4),
        enable_serialization_as_tensor_content=True,
        enable_signature_method_name_check=True,
        tensorflow_session_parallelism=1,
    )
    config = ModelConfig("half", str(saved / "half"), labels={"stable": 2})
    with Server([config], settings).start() as server:
        assert not server.ready
        server.wait_for_models(60)
        assert server.ready
        client = Grpc(server.grpc_address)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "half"
        request.inputs["x"].CopyFrom(tf.make_tensor_proto([1.0, 2.0]))
        assert client.predict_proto(request).outputs["y"].tensor_content
        with pytest.raises(
            InvalidArgumentError, match=r"^Task size 5 is larger than maximum input batch size 4"
        ):
            client.predict(Spec("half"), {"x": np.zeros(5, np.float32)})
        client.close()
    assert not server.ready

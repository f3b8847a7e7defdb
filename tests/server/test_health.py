"""grpc.health.v1 and readiness tell the truth at every moment."""

import asyncio
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from keras_session5.server import Server
from keras_session5.server.config import ModelConfig
from keras_session5.server.health import Health
from keras_session5.server.settings import Settings

SERVICES = (
    "",
    "ModelService",
    "PredictionService",
    "tensorflow.serving.ModelService",
    "tensorflow.serving.PredictionService",
)
SETTINGS = Settings(
    grpc_port=0, file_system_poll_wait_seconds=0.05, load_retry_interval_micros=0, max_num_load_retries=0
)
_name = health_pb2.HealthCheckResponse.ServingStatus.Name


class Client:
    """Asks for health."""

    def __init__(self, address: str):
        self.channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        self.stub = health_pb2_grpc.HealthStub(self.channel)

    def check(self, service: str) -> str:
        try:
            reply = self.stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=60)
        except grpc.RpcError as error:
            call: grpc.Call = error  # pyright: ignore[reportAssignmentType]
            return call.code().name
        return _name(reply.status)

    def watch(self, service: str) -> "queue.Queue[str]":
        """Returns a queue of what is told, "end" at the end."""
        told: queue.Queue[str] = queue.Queue()

        def listen() -> None:
            try:
                for reply in self.stub.Watch(health_pb2.HealthCheckRequest(service=service)):
                    told.put(_name(reply.status))
            except grpc.RpcError:
                pass
            told.put("end")

        threading.Thread(target=listen, daemon=True).start()
        return told


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "half").mkdir()
    with Server([ModelConfig("half", str(tmp_path / "half"))], SETTINGS).start() as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    client = Client(server.grpc_address)
    yield client
    client.channel.close()


def test_health_follows_a_model_through_its_life(
    server: Server, client: Client, tmp_path: Path, copy_version: Callable[[int, Path], None]
):
    model, whole = client.watch("half"), client.watch("")
    assert (model.get(timeout=60), whole.get(timeout=60)) == ("NOT_SERVING", "NOT_SERVING")
    assert {client.check(service) for service in SERVICES} == {"NOT_SERVING"}
    assert not server.readiness.is_ready()
    assert "half" in server.readiness.problems()

    copy_version(1, tmp_path / "half/1")
    assert (model.get(timeout=60), whole.get(timeout=60)) == ("SERVING", "SERVING")
    assert {client.check(service) for service in (*SERVICES, "half")} == {"SERVING"}
    assert server.readiness.is_ready()

    (tmp_path / "half/2").mkdir()  # a corrupt version beside it changes nothing
    time.sleep(0.3)
    assert client.check("half") == "SERVING"

    shutil.rmtree(tmp_path / "half/1")
    shutil.rmtree(tmp_path / "half/2")
    assert (model.get(timeout=60), whole.get(timeout=60)) == ("NOT_SERVING", "NOT_SERVING")

    server.reload([])
    assert (model.get(timeout=60), whole.get(timeout=60)) == ("SERVICE_UNKNOWN", "SERVING")
    assert (client.check("half"), client.check("")) == ("NOT_FOUND", "SERVING")

    server.reload([ModelConfig("half", str(tmp_path / "half"))])
    assert (model.get(timeout=60), whole.get(timeout=60)) == ("NOT_SERVING", "NOT_SERVING")
    assert (model.empty(), whole.empty()) == (True, True)


def test_one_model_that_fails_does_not_speak_for_the_others(
    tmp_path: Path, copy_version: Callable[[int, Path], None]
):
    (tmp_path / "good").mkdir()
    (tmp_path / "bad/1").mkdir(parents=True)
    copy_version(1, tmp_path / "good/1")
    configs = [ModelConfig(name, str(tmp_path / name)) for name in ("good", "bad")]
    with Server(configs, SETTINGS).start() as server:
        server.wait_for_models(60, require_all=False)
        client = Client(server.grpc_address)
        assert [client.check(name) for name in ("good", "bad", "")] == [
            "SERVING",
            "NOT_SERVING",
            "NOT_SERVING",
        ]
        listed = client.stub.List(health_pb2.HealthListRequest(), timeout=60).statuses
        assert set(listed) == {*SERVICES, "good", "bad"}
        assert _name(listed["good"].status) == "SERVING"
        client.channel.close()


def test_a_name_that_is_no_service_is_told_apart(client: Client):
    assert client.check("nobody") == "NOT_FOUND"
    assert client.watch("nobody").get(timeout=60) == "SERVICE_UNKNOWN"


def test_an_open_watch_hears_of_the_end_and_does_not_delay_it(
    tmp_path: Path, copy_version: Callable[[int, Path], None]
):
    (tmp_path / "half").mkdir()
    copy_version(1, tmp_path / "half/1")
    with Server([ModelConfig("half", str(tmp_path / "half"))], SETTINGS).start() as server:
        server.wait_for_models(60)
        client = Client(server.grpc_address)
        watches = [client.watch(service) for service in ("", "half")]
        assert [watch.get(timeout=60) for watch in watches] == ["SERVING"] * 2
        began = time.monotonic()
        server.stop(grace_s=200)
        assert time.monotonic() - began < 100
        for watch in watches:
            assert [watch.get(timeout=60), watch.get(timeout=60)] == ["NOT_SERVING", "end"]
        assert not server.readiness.is_ready()
        client.channel.close()


def test_health_can_be_switched_off(tmp_path: Path):
    with Server([], Settings(grpc_port=0, enable_grpc_healthcheck_service=False)).start() as server:
        client = Client(server.grpc_address)
        assert client.check("") == "UNIMPLEMENTED"
        client.channel.close()


def test_a_stop_between_two_reads_of_the_state_is_told_before_the_end():
    class Readiness:
        """The server stops right after its status was read."""

        stopping = False

        def is_ready(self) -> bool:
            ready, self.stopping = not self.stopping, True
            return ready

        def next_change(self) -> asyncio.Event:
            changed = asyncio.Event()
            changed.set()
            return changed

    async def watch() -> list[str]:
        replies = Health(Readiness()).Watch(health_pb2.HealthCheckRequest(), None)  # pyright: ignore[reportArgumentType]
        return [_name(reply.status) async for reply in replies]

    assert asyncio.run(watch()) == ["SERVING", "NOT_SERVING"]

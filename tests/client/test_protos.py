"""The stored messages, and what the client imports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_session5 import client

from .fake_grpc import serve_grpc
from .fake_rest import serve_rest
from .fake_serving import FakeServing

ASK = """
import resource, sys
from keras_session5.client import connect
with connect({address!r}) as client:
    started = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    client.predict("versions", {{"x": [1]}})
heavy = {{"tensorflow", "tensorflow_serving", "keras", "grpc"}}
print(started, *heavy.intersection(sys.modules))
"""

BESIDE = """
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
from keras_session5.client import connect, protos
with connect({address!r}) as client:
    client.predict("versions", {{"x": [1]}})
theirs = predict_pb2.PredictRequest()
theirs.model_spec.name = "m"
print(protos.PredictRequest.FromString(theirs.SerializeToString()).model_spec.name)
"""


def run(program: str) -> list[str]:
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_rest_imports_neither_tensorflow_nor_grpc_and_starts_at_once(fake: FakeServing) -> None:
    with serve_rest(fake) as target:
        started, *modules = run(ASK.format(address=f"http://{target}"))
    assert modules == []
    assert float(started) < 0.5


def test_grpc_imports_no_tensorflow_and_starts_at_once(fake: FakeServing) -> None:
    with serve_grpc(fake) as target:
        started, *modules = run(ASK.format(address=target))
    assert modules == ["grpc"]
    assert float(started) < 0.5


@pytest.mark.slow
def test_the_client_lives_beside_tensorflow_serving_s_own_messages(fake: FakeServing) -> None:
    with serve_grpc(fake) as target:
        assert run(BESIDE.format(address=target)) == ["m"]


def test_the_stored_messages_are_those_of_the_installed_api() -> None:
    from google.protobuf import descriptor_pb2

    from keras_session5.client import make_protos

    stored = Path(client.__file__).with_name("protos.binpb").read_bytes()
    files = {file.name: file for file in descriptor_pb2.FileDescriptorSet.FromString(stored).file}
    # Google's own files change with protobuf's version, without a change in what is sent.
    ours = {name: file for name, file in files.items() if not name.startswith("google/")}
    theirs = {file.name: file for file in make_protos.collect().file if not file.name.startswith("google/")}
    assert ours == theirs, "run python -m keras_session5.client.make_protos"
    assert not any(file.HasField("source_code_info") for file in files.values())

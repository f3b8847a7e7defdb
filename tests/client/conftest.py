"""The fixtures of the client's tests: one fake server, asked over both transports."""

from collections.abc import Iterator

import pytest

from keras_session5.client import Client, connect

from .fake_grpc import serve_grpc
from .fake_rest import serve_rest
from .fake_serving import FakeServing, fake_serving


@pytest.fixture
def fake() -> Iterator[FakeServing]:
    fake = fake_serving()
    yield fake
    fake.stop.set()


@pytest.fixture(params=["grpc", "rest"])
def address(request: pytest.FixtureRequest, fake: FakeServing) -> Iterator[str]:
    """The address of the fake server, over each transport in turn."""
    serve, prefix = (serve_grpc, "") if request.param == "grpc" else (serve_rest, "http://")
    with serve(fake) as target:
        yield prefix + target
        fake.stop.set()


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with connect(address) as client:
        yield client

"""The client and this project's own server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_session5.client import Client, TensorInfo, connect
from keras_session5.errors import InvalidArgumentError, NotFoundError, UnimplementedError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of one model that scales numbers and shouts text."""
    import tensorflow as tf

    from keras_session5.server import serve

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
        def scale(self, x: Any) -> dict[str, Any]:
            return {"y": x * 0.3}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
        def shout(self, text: Any) -> dict[str, Any]:
            return {
                "loud": tf.strings.upper(text),
                "text_bytes": text,
                "length": tf.strings.length(text),
            }

    model, folder = Model(), tmp_path_factory.mktemp("models") / "m"
    signatures = {"serving_default": model.scale, "shout": model.shout}
    tf.saved_model.save(model, Path(folder, "2"), signatures=signatures)
    with serve({"m": folder}) as server:
        yield server


@pytest.fixture(params=["grpc_address", "rest_address"])
def client(request: pytest.FixtureRequest, server: Any) -> Iterator[Client]:
    with connect(getattr(server, request.param)) as client:
        yield client


def test_numbers_come_back_exactly(client: Client) -> None:
    x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    answer = client.predict("m", {"x": x})
    assert list(answer) == ["y"]
    assert answer["y"].dtype == np.float32
    np.testing.assert_array_equal(answer["y"], x * np.float32(0.3))
    assert client.predict("m", {"x": np.zeros((0, 2))})["y"].shape == (0, 2)


def test_text_comes_back_as_text_and_bytes(client: Client) -> None:
    answer = client.predict("m", {"text": ["abc", b"\xff\0"]}, signature_name="shout")
    assert answer["loud"].tolist() == [b"ABC", b"\xff\0"]
    assert answer["text_bytes"].tolist() == [b"abc", b"\xff\0"]
    assert answer["length"].tolist() == [3, 2]
    assert client.predict("m", {"text": ["abc"]}, signature_name="shout")["loud"].tolist() == ["ABC"]


def test_the_model_is_described(client: Client) -> None:
    assert [(one.version, one.state) for one in client.status("m")] == [(2, "AVAILABLE")]
    metadata = client.metadata("m")
    assert metadata.version == 2
    assert sorted(metadata.signatures) == ["serving_default", "shout"]
    assert metadata.signatures["serving_default"].inputs == {"x": TensorInfo("float32", (None, 2))}


def test_all_models_are_listed_over_rest(server: Any) -> None:
    with connect(server.rest_address) as client:
        assert client.models() == {"m": client.status("m")}


def test_over_grpc_the_way_to_the_list_is_told(server: Any) -> None:
    with (
        connect(server.grpc_address) as client,
        pytest.raises(UnimplementedError, match=r"Use the REST API's address, http://HOST:PORT, or name"),
    ):
        client.models()


def test_refusals_are_the_server_s(client: Client) -> None:
    with pytest.raises(NotFoundError, match=r"Servable not found for request: Latest\(nobody\)"):
        client.predict("nobody", {"x": [[1, 2]]})
    with pytest.raises(InvalidArgumentError, match="x"):
        client.predict("m", {"wrong": [[1, 2]]})

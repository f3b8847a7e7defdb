"""A server with small models, started once; and both transports to ask it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .asking import Asker, Grpc, Rest, eventually
from .saved_models import save_half_plus, save_kinds, save_pair
from .saved_models_tf1 import (
    save_counter,
    save_half_plus_three,
    save_half_plus_two,
    save_odd,
    save_run_counter,
    save_words,
    save_words_tf2,
)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of base paths: `half` (versions 1: +2, 2: +3), `pair` and `kinds`."""
    root = tmp_path_factory.mktemp("saved")
    save_half_plus(root / "half/1", 2.0)
    save_half_plus(root / "half/2", 3.0)
    save_pair(root / "pair/7")
    save_kinds(root / "kinds/1")
    return root


@pytest.fixture(scope="session")
def server(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """Serves them all: `half` with both versions and the label `stable` for the first."""
    from keras_session5.server import serve

    config = tmp_path_factory.mktemp("config") / "models.config"
    config.write_text(
        """model_config_list {
          config { name: "half" base_path: "/models/half" model_platform: "tensorflow"
                   model_version_policy { all {} } version_labels { key: "stable" value: 1 } }
          config { name: "pair" base_path: "/models/pair" model_platform: "tensorflow" }
          config { name: "kinds" base_path: "/models/kinds" model_platform: "tensorflow" }
        }"""
    )
    with serve(config, models=saved) as server:
        # It is ready with one version of each model.
        eventually(lambda: [v.state.name for v in server.models()[0].versions] == ["AVAILABLE"] * 2)
        yield server


@pytest.fixture(scope="session")
def rest(server) -> Iterator[Rest]:
    client = Rest(server.rest_address)
    yield client
    client.close()


@pytest.fixture(scope="session")
def grpc_client(server) -> Iterator[Grpc]:
    client = Grpc(server.grpc_address)
    yield client
    client.close()


@pytest.fixture(params=["grpc", "rest"])
def asker(request: pytest.FixtureRequest) -> Asker:
    """Each transport in turn."""
    return request.getfixturevalue("grpc_client" if request.param == "grpc" else "rest")


@pytest.fixture(scope="session")
def tf1_saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of base paths whose models are as TensorFlow 1 wrote them, but for `words_tf2`."""
    root = tmp_path_factory.mktemp("tf1_saved")
    save_half_plus_two(root / "half_plus_two/123")
    save_half_plus_two(root / "half_plus_two_text/123", as_text=True)
    save_half_plus_three(root / "half_plus_three/123")
    save_counter(root / "counter/123")
    save_run_counter(root / "run_counter/123")
    save_words(root / "words/123")
    save_words(root / "words_legacy/123", legacy=True)
    save_odd(root / "odd/123")
    save_words_tf2(root / "words_tf2/123")
    return root


@pytest.fixture(scope="session")
def tf1_server(tf1_saved: Path) -> Iterator:
    """Serves them all, under the names of their folders."""
    from keras_session5.server import serve

    with serve({path.name: path for path in tf1_saved.iterdir()}) as server:
        yield server


@pytest.fixture(scope="session")
def tf1_rest(tf1_server) -> Iterator[Rest]:
    client = Rest(tf1_server.rest_address)
    yield client
    client.close()


@pytest.fixture(scope="session")
def tf1_grpc(tf1_server) -> Iterator[Grpc]:
    client = Grpc(tf1_server.grpc_address)
    yield client
    client.close()


@pytest.fixture(params=["grpc", "rest"])
def tf1_asker(request: pytest.FixtureRequest) -> Asker:
    """Each transport in turn."""
    return request.getfixturevalue(f"tf1_{request.param}")


@pytest.fixture
def copy_version(saved: Path) -> Callable[[int, Path], None]:
    """Puts a version of `half` in place at once, as an exporter does."""

    def copy(number: int, target: Path) -> None:
        beside = target.with_name(f"being-copied-{target.name}")
        shutil.copytree(saved / f"half/{number}", beside)
        beside.rename(target)

    return copy

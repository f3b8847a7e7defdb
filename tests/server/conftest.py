"""A server with small models, started once; and both transports to ask it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .asking import Asker, Grpc, Rest
from .saved_models import save_half_plus, save_kinds, save_pair


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


@pytest.fixture
def copy_version(saved: Path) -> Callable[[int, Path], None]:
    """Puts a version of `half` in place at once, as an exporter does."""

    def copy(number: int, target: Path) -> None:
        beside = target.with_name(f"being-copied-{target.name}")
        shutil.copytree(saved / f"half/{number}", beside)
        beside.rename(target)

    return copy

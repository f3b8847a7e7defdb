"""The life of versions, with models that are only pretended."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from keras_session5.errors import InvalidArgumentError, NotFoundError
from keras_session5.server.config import ModelConfig, VersionPolicy
from keras_session5.server.model import Model
from keras_session5.server.repository import Repository
from keras_session5.server.settings import Settings
from keras_session5.server.version import State

SETTINGS = Settings(
    file_system_poll_wait_seconds=0.02, load_retry_interval_micros=50_000, max_num_load_retries=2
)


class Loader:
    """Loads a version as the text of its path; fails for folders with a file `broken`, waits for `gate`."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, path: str) -> str:
        self.loads.append(Path(path).name)
        self.gate.wait(10)
        if (Path(path) / "broken").exists():
            raise NotFoundError(f"broken: {path}")
        return path


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def open_repository(loader: Loader, tmp_path: Path) -> Iterator[Callable[..., Repository]]:
    """Opens a repository of one model `m` below the temporary folder."""
    opened = []

    def open_(settings: Settings = SETTINGS, **config) -> Repository:
        repository = Repository(loader, settings)
        repository.configure([ModelConfig("m", str(tmp_path), **config)])
        repository.start()
        opened.append(repository)
        return repository

    yield open_
    loader.gate.set()
    for repository in opened:
        repository.close()


def _states(repository: Repository) -> dict[int, str]:
    return {status.number: status.state.name for status in repository.statuses("m")}


def _eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _version(tmp_path: Path, name: str, *, broken: bool = False) -> None:
    (tmp_path / name).mkdir(parents=True)
    if broken:
        (tmp_path / name / "broken").touch()


def test_only_whole_numbers_are_versions_and_the_latest_is_loaded(open_repository, tmp_path: Path):
    for name in ("1", "00000003", "v4", "5.tmp", "99999999999999999999"):
        _version(tmp_path, name)
    repository = open_repository()
    assert repository.wait_until_settled(60)
    assert _states(repository) == {3: "AVAILABLE"}
    with repository.use("m") as (number, servable):
        assert (number, servable) == (3, str(tmp_path / "00000003"))


def test_a_version_goes_through_its_states_in_order(open_repository, tmp_path: Path, loader: Loader):
    loader.gate.clear()
    _version(tmp_path, "1")
    repository = open_repository()
    _eventually(lambda: _states(repository) == {1: "LOADING"})
    loader.gate.set()
    _eventually(lambda: _states(repository) == {1: "AVAILABLE"})
    (tmp_path / "1").rmdir()
    _eventually(lambda: _states(repository) == {1: "END"})
    with (
        pytest.raises(NotFoundError, match=r"^Servable not found for request: Latest\(m\)$"),
        repository.use("m"),
    ):
        pass
    assert list(State) == sorted(State)


def test_the_old_version_serves_until_the_new_one_is_loaded(open_repository, tmp_path: Path, loader: Loader):
    _version(tmp_path, "1")
    repository = open_repository()
    assert repository.wait_until_settled(60)
    loader.gate.clear()
    _version(tmp_path, "2")
    _eventually(lambda: _states(repository) == {2: "LOADING", 1: "AVAILABLE"})
    with repository.use("m") as (number, _):
        assert number == 1
    loader.gate.set()
    _eventually(lambda: _states(repository) == {2: "AVAILABLE", 1: "END"})


def test_an_unload_waits_for_the_requests_that_use_the_version(open_repository, tmp_path: Path):
    _version(tmp_path, "1")
    repository = open_repository()
    assert repository.wait_until_settled(60)
    with repository.use("m") as (number, servable):
        _version(tmp_path, "2")
        _eventually(lambda: _states(repository) == {2: "AVAILABLE", 1: "UNLOADING"})
        with repository.use("m") as (newer, _):
            assert newer == 2
        time.sleep(0.05)
        assert _states(repository)[1] == "UNLOADING"
        assert (number, servable) == (1, str(tmp_path / "1"))
    _eventually(lambda: _states(repository)[1] == "END")


def test_a_corrupt_version_ends_in_its_error_and_the_old_one_stays(
    open_repository, tmp_path: Path, loader: Loader
):
    _version(tmp_path, "1")
    repository = open_repository()
    assert repository.wait_until_settled(60)
    _version(tmp_path, "2", broken=True)
    _eventually(lambda: _states(repository) == {2: "END", 1: "AVAILABLE"})
    assert loader.loads.count("2") == 3  # the first try and two more
    assert str(repository.statuses("m")[0].error) == f"broken: {tmp_path / '2'}"
    with repository.use("m") as (number, _):
        assert number == 1
    with (
        pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(m, 2\)$"),
        repository.use("m", 2),
    ):
        pass
    time.sleep(0.1)
    assert loader.loads.count("2") == 3  # not tried again while it lies there


def test_a_version_that_was_taken_away_and_put_back_is_tried_again(open_repository, tmp_path: Path):
    _version(tmp_path, "1", broken=True)
    repository = open_repository()
    assert repository.wait_until_settled(60)
    assert "could not be loaded: broken" in repository.problems()["m"]
    (tmp_path / "1").rename(tmp_path / "away")
    (tmp_path / "away/broken").unlink()
    _eventually(lambda: "No versions of servable m" in repository.problems().get("m", ""))
    (tmp_path / "away").rename(tmp_path / "1")
    _eventually(lambda: _states(repository) == {1: "AVAILABLE"})


def test_a_half_copied_version_recovers_by_a_retry(open_repository, tmp_path: Path, loader: Loader):
    _version(tmp_path, "1", broken=True)
    repository = open_repository(replace(SETTINGS, max_num_load_retries=1000))
    _eventually(lambda: len(loader.loads) >= 2)
    assert _states(repository) == {1: "LOADING"}
    (tmp_path / "1/broken").unlink()
    _eventually(lambda: _states(repository) == {1: "AVAILABLE"})


def test_a_missing_base_path_unloads_nothing(
    open_repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    _version(tmp_path, "1")
    repository = open_repository()
    assert repository.wait_until_settled(60)
    moved = tmp_path.rename(tmp_path.with_name("elsewhere"))
    _eventually(lambda: "Could not find base path" in caplog.text)
    time.sleep(0.1)
    assert _states(repository) == {1: "AVAILABLE"}
    assert caplog.text.count("Could not find base path") == 1
    moved.rename(tmp_path)


def test_labels_move_when_their_version_is_available(open_repository, tmp_path: Path):
    _version(tmp_path, "1")
    everything = VersionPolicy(latest=None)
    repository = open_repository(policy=everything, labels={"stable": 1, "next": 2})
    assert repository.wait_until_settled(60)
    with repository.use("m", label="stable") as (number, _):
        assert number == 1
    with (
        pytest.raises(InvalidArgumentError, match=r"^Unrecognized servable version label: next$"),
        repository.use("m", label="next"),
    ):
        pass
    repository.configure([ModelConfig("m", str(tmp_path), everything, {"stable": 2})])
    with repository.use("m", label="stable") as (number, _):
        assert number == 1  # until the new target is there
    _version(tmp_path, "2")
    _eventually(lambda: _states(repository) == {2: "AVAILABLE", 1: "AVAILABLE"})
    with repository.use("m", label="stable") as (number, _):
        assert number == 2


def test_a_label_of_a_version_since_unloaded_is_not_found(open_repository, tmp_path: Path):
    _version(tmp_path, "1")
    repository = open_repository(labels={"stable": 1})
    assert repository.wait_until_settled(60)
    (tmp_path / "1").rmdir()
    _eventually(lambda: _states(repository) == {1: "END"})
    with (
        pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(m, 1\)$"),
        repository.use("m", label="stable"),
    ):
        pass


def test_labels_of_unavailable_versions_can_be_allowed(open_repository, tmp_path: Path):
    settings = Settings(allow_version_labels_for_unavailable_models=True)
    repository = open_repository(settings, labels={"next": 2})
    with pytest.raises(NotFoundError, match=r"Specific\(m, 2\)"), repository.use("m", label="next"):
        pass


def test_a_model_that_is_no_longer_configured_is_unloaded(open_repository, tmp_path: Path):
    _version(tmp_path, "1")
    repository = open_repository()
    assert repository.wait_until_settled(60)
    repository.configure([ModelConfig("other", str(tmp_path))])
    _eventually(lambda: _states(repository).get(1, "END") == "END")
    assert repository.wait_until_settled(60)
    with repository.use("other") as (number, _):
        assert number == 1


def test_closing_leaves_no_thread(open_repository, tmp_path: Path):
    before = set(threading.enumerate())
    _version(tmp_path, "1")
    repository = open_repository()
    assert repository.wait_until_settled(60)
    repository.close()
    assert set(threading.enumerate()) <= before


def test_of_versions_that_are_gone_only_the_newest_are_told(tmp_path: Path):
    model = Model(ModelConfig("m", str(tmp_path)))
    for number in range(1, 301):
        model.want({number: str(tmp_path)})
        model.versions[number].state = State.END if number != 300 else State.AVAILABLE
    assert [status.number for status in model.statuses()] == list(range(300, 199, -1))


def test_a_failed_load_keeps_nothing_of_what_it_had(open_repository, tmp_path: Path):
    _version(tmp_path, "1", broken=True)
    repository = open_repository()
    assert repository.wait_until_settled(60)
    (status,) = repository.statuses("m")
    assert status.error is not None
    assert (status.error.__traceback__, status.error.__cause__) == (None, None)


def test_a_corrected_base_path_is_tried(open_repository, tmp_path: Path):
    _version(tmp_path / "bad", "1", broken=True)
    _version(tmp_path / "good", "1")
    repository = open_repository()
    repository.configure([ModelConfig("m", str(tmp_path / "bad"))])
    _eventually(lambda: "broken" in repository.problems().get("m", ""))
    repository.configure([ModelConfig("m", str(tmp_path / "good"))])
    _eventually(lambda: _states(repository) == {1: "AVAILABLE"})


def test_at_the_start_it_is_too_early_to_say_what_is_not_there(
    open_repository, tmp_path: Path, loader: Loader
):
    _version(tmp_path, "1")
    loader.gate.clear()
    repository = open_repository()
    assert repository.is_starting("m")
    assert repository.is_starting("unknown")
    loader.gate.set()
    _eventually(lambda: _states(repository) == {1: "AVAILABLE"})
    assert not repository.is_starting("m")
    assert not repository.is_starting("unknown")


def test_a_damaged_model_is_logged_once_a_change_of_state(
    open_repository: Callable[..., Repository], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "broken").touch()
    repository = open_repository()
    _eventually(lambda: _states(repository) == {1: "END"})
    messages = [record.getMessage() for record in caplog.records if record.levelname != "INFO"]
    assert messages == [
        f"Could not load m version 1, trying again every 0.05 s: broken: {tmp_path}/1",
        "Gave up loading m version 1.",
    ]

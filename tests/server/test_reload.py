"""`HandleReloadConfigRequest`, and the same by way of the configuration file."""

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2

from keras_session5.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    ServingError,
    UnknownError,
)
from keras_session5.server import Server
from keras_session5.server.config import ModelConfig, VersionPolicy, reread_config
from keras_session5.server.config_watcher import ConfigWatcher
from keras_session5.server.reloading import Reloader
from keras_session5.server.repository import Repository
from keras_session5.server.settings import Settings

from .asking import Grpc, Spec, eventually

X = {"x": np.array([1.0], np.float32)}
SETTINGS = Settings(
    grpc_port=0, file_system_poll_wait_seconds=0.05, load_retry_interval_micros=0, max_num_load_retries=1
)
ALL = "model_version_policy { all {} }"


def _entry(name: str, base_path: Path | str, rest: str = "") -> str:
    return f'config {{ name: "{name}" base_path: "{base_path}" model_platform: "tensorflow" {rest} }}'


def _labels(**labels: int) -> str:
    return " ".join(f'version_labels {{ key: "{label}" value: {v} }}' for label, v in labels.items())


def _request(*entries: str, config: str = "", metrics: tuple[str, ...] = ()) -> Any:
    request = model_management_pb2.ReloadConfigRequest(metric_names=metrics)
    text_format.Parse(config or f"model_config_list {{ {' '.join(entries)} }}", request.config)
    return request


class Client(Grpc):
    """Sends configurations."""

    def reload(self, *entries: str, **more: Any) -> Any:
        return self.send(self.models.HandleReloadConfigRequest, _request(*entries, **more))

    def ask(self, name: str = "half", version: int | None = None, label: str | None = None) -> float:
        return float(self.predict(Spec(name, version, label), X)["y"][0])


@pytest.fixture
def start(saved: Path) -> Iterator[Callable[..., tuple[Server, Client]]]:
    """Starts a server of `half` with both its versions."""
    started: list[tuple[Server, Client]] = []

    def start_(settings: Settings = SETTINGS, labels: Mapping[str, int] | None = None):
        config = ModelConfig("half", str(saved / "half"), VersionPolicy(latest=None), labels or {})
        server = Server([config], settings).start()
        eventually(lambda: [v.state.name for v in server.models()[0].versions] == ["AVAILABLE"] * 2)
        started.append((server, Client(server.grpc_address)))
        return started[-1]

    yield start_
    for server, client in started:
        client.close()
        server.stop()


def test_a_new_model_can_be_asked_as_soon_as_the_reply_is_there(start, saved: Path):
    _, client = start()
    reply = client.reload(_entry("half", saved / "half"), _entry("again", saved / "half"))
    assert (reply.HasField("status"), reply.status.error_code, reply.status.error_message) == (True, 0, "")
    assert client.ask("again") == 3.5
    client.reload(_entry("again", saved / "half"))
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Latest\(half\)$"):
        client.ask("half")
    client.reload()
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Latest\(again\)$"):
        client.ask("again")


def test_the_policy_of_a_served_model_can_change(start, saved: Path):
    _, client = start()
    client.reload(_entry("half", saved / "half", "model_version_policy { specific { versions: 1 } }"))
    eventually(lambda: client.states(Spec("half")) == [(2, "END"), (1, "AVAILABLE")])
    assert client.ask() == 2.5


@pytest.mark.parametrize("config", ["", "custom_model_config {}"])
def test_only_a_list_of_models_is_taken(start, config: str):
    _, client = start()
    request = model_management_pb2.ReloadConfigRequest()
    text_format.Parse(config, request.config)
    with pytest.raises(InvalidArgumentError) as caught:
        client.send(client.models.HandleReloadConfigRequest, request)
    assert str(caught.value) == (
        "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is"
        " currently supported"
    )
    assert client.ask() == 3.5


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([_entry("m", "/m")] * 2, "Illegal to list model m multiple times in config list"),
        ([_entry("m", "m")], "Expected model m to have an absolute path or URI; got base_path()=m"),
        (
            [_entry("half", "/m").replace("tensorflow", "caffe")],
            "Illegal to change a model's platform. For model half platform was tensorflow and new platform"
            " requested is caffe",
        ),
        ([_entry("m", "/m").replace("tensorflow", "caffe")], "Model m requests unsupported platform caffe"),
        (
            [_entry("m", "/m").replace('model_platform: "tensorflow"', "")],
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor"
            " ModelServerConfig::model_platform, model name is m",
        ),
    ],
)
def test_what_is_not_well_described_changes_nothing(start, entries: list[str], message: str):
    _, client = start()
    with pytest.raises(InvalidArgumentError) as caught:
        client.reload(*entries)
    assert str(caught.value) == message
    assert client.ask() == 3.5


def test_a_model_that_fails_is_named_and_the_others_are_served(start, saved: Path, tmp_path: Path):
    _, client = start()
    (tmp_path / "bad/4").mkdir(parents=True)
    entries = [_entry(name, path) for name, path in (("bad", tmp_path / "bad"), ("good", saved / "half"))]
    with pytest.raises(UnknownError) as caught:
        client.reload(*entries, _entry("absent", tmp_path / "absent"))
    text = str(caught.value)
    assert text.startswith("2 model(s) did not become available: {{{name: absent} due to error: NOT_FOUND: ")
    assert "}, {{name: bad version: 4} due to error: NOT_FOUND: Could not find SavedModel .pb" in text
    assert text.endswith("}, }")
    assert client.ask("good") == 3.5  # in force all the same
    reply = client.reload(*entries)  # so no client waits for `bad` any more
    assert reply.status.error_code == 0


def test_models_served_already_are_not_waited_for(start, tmp_path: Path):
    _, client = start()
    (tmp_path / "bad/4").mkdir(parents=True)
    assert client.reload(_entry("half", tmp_path / "bad")).status.error_code == 0
    eventually(lambda: (4, "END") in client.states(Spec("half")))


# Labels


def test_labels_move_at_once_and_their_map_is_replaced_as_a_whole(start, saved: Path):
    _, client = start()
    entry = _entry("half", saved / "half", f"{ALL} {_labels(stable=1, canary=2)}")
    client.reload(entry)
    assert (client.ask(label="stable"), client.ask(label="canary")) == (2.5, 3.5)
    client.reload(_entry("half", saved / "half", f"{ALL} {_labels(stable=2)}"))
    assert client.ask(label="stable") == 3.5
    with pytest.raises(InvalidArgumentError, match=r"^Unrecognized servable version label: canary$"):
        client.ask(label="canary")
    client.reload(_entry("half", saved / "half", ALL))
    with pytest.raises(InvalidArgumentError):
        client.ask(label="stable")


def test_a_label_of_a_version_that_is_not_available_refuses_the_whole_configuration(start, saved: Path):
    _, client = start()
    client.reload(_entry("half", saved / "half", f"{ALL} {_labels(stable=1)}"))
    for name, refused in (
        ("half", _entry("half", saved / "half", f"{ALL} {_labels(stable=2, next=7)}")),
        ("new", _entry("new", saved / "half", _labels(next=7))),
    ):
        with pytest.raises(FailedPreconditionError) as caught:
            client.reload(refused, *([_entry("half", saved / "half")] if name == "new" else []))
        assert str(caught.value) == (
            f"Request to assign label to version 7 of model {name}, which is not currently available for"
            " inference"
        )
    assert client.ask(label="stable") == 2.5
    with pytest.raises(NotFoundError):
        client.ask("new")


def test_a_refused_configuration_is_accepted_once_its_version_is_there(
    start, tmp_path: Path, copy_version: Callable[[int, Path], None]
):
    _, client = start()
    (tmp_path / "m").mkdir()
    copy_version(1, tmp_path / "m/1")
    client.reload(_entry("m", tmp_path / "m"))
    entry = _entry("m", tmp_path / "m", _labels(next=2))
    with pytest.raises(FailedPreconditionError):
        client.reload(entry)
    copy_version(2, tmp_path / "m/2")
    eventually(lambda: (2, "AVAILABLE") in client.states(Spec("m")))
    client.reload(entry)
    assert client.ask("m", label="next") == 3.5


def test_the_flag_allows_new_labels_but_moves_none_to_an_unavailable_version(start, saved: Path):
    _, client = start(replace(SETTINGS, allow_version_labels_for_unavailable_models=True))
    client.reload(_entry("half", saved / "half", f"{ALL} {_labels(stable=1, next=7)}"))
    assert client.ask(label="stable") == 2.5
    with pytest.raises(NotFoundError, match=r"^Servable not found for request: Specific\(half, 7\)$"):
        client.ask(label="next")
    client.reload(_entry("half", saved / "half", f"{ALL} {_labels(stable=1, next=7)}"))  # where it points
    with pytest.raises(FailedPreconditionError, match=r"^Request to assign label to version 7 of model half"):
        client.reload(_entry("half", saved / "half", f"{ALL} {_labels(stable=7)}"))
    client.reload(_entry("half", saved / "half", f"{ALL} {_labels(stable=2, next=1)}"))  # both are there
    assert (client.ask(label="stable"), client.ask(label="next")) == (3.5, 2.5)


# Beside it


def test_the_increase_of_counters_is_told_once_for_each_name():
    repository = Repository(lambda path: None, SETTINGS)
    changes: list[None] = []
    repository.on_change = lambda: changes.append(None)
    counted = "/tensorflow/serving/request_count"
    reloader = Reloader(repository, "", lambda path: 7 * len(changes) if path == counted else 0)
    reply = asyncio.run(reloader.reload(_request(metrics=(counted, "/no/such", counted))))
    assert [(metric.name, metric.int64_value_increase) for metric in reply.metric] == [
        (counted, 7),
        ("/no/such", 0),
    ]


def test_the_mount_point_stands_for_the_folder_here_too(start, saved: Path):
    _, client = start(replace(SETTINGS, models_root=str(saved)))
    client.reload(_entry("pair", "/models/pair"))
    assert client.states(Spec("pair")) == [(7, "AVAILABLE")]


def test_a_caller_who_gives_up_leaves_the_configuration_in_force_and_the_end_comes_quickly(
    start, saved: Path, tmp_path: Path, copy_version: Callable[[int, Path], None]
):
    settings = replace(SETTINGS, load_retry_interval_micros=200_000, max_num_load_retries=1000)
    server, client = start(settings)
    (tmp_path / "late/1").mkdir(parents=True)
    entries = [_entry("half", saved / "half"), _entry("late", tmp_path / "late")]
    with pytest.raises(grpc.RpcError) as caught:
        client.models.HandleReloadConfigRequest(_request(*entries), timeout=0.5)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert client.ask() == 3.5
    shutil.rmtree(tmp_path / "late/1")
    copy_version(1, tmp_path / "late/1")
    eventually(lambda: client.states(Spec("late")) == [(1, "AVAILABLE")])

    (tmp_path / "never/1").mkdir(parents=True)
    waiting = client.models.HandleReloadConfigRequest.future(_request(_entry("never", tmp_path / "never")))
    eventually(lambda: [model.name for model in server.models()] == ["never"])
    began = time.monotonic()
    server.stop(grace_s=0.2)
    assert time.monotonic() - began < 100  # the retries go on for twice as long
    assert waiting.exception(timeout=60) is not None


# The configuration file


def test_labels_that_wait_since_the_start_go_on_waiting(start, saved: Path):
    server, client = start(labels={"stable": 1, "next": 7})
    configs = [ModelConfig("half", str(saved / "half"), VersionPolicy(latest=None), {"stable": 1, "next": 7})]
    server.reload(configs)  # as it was
    assert client.ask(label="stable") == 2.5
    server.reload([replace(configs[0], labels={"stable": 2, "next": 7})])  # as the file's watcher does
    assert client.ask(label="stable") == 3.5
    with pytest.raises(InvalidArgumentError, match=r"^Unrecognized servable version label: next$"):
        client.ask(label="next")


def test_the_watcher_tells_a_bad_file_from_a_refused_configuration(
    saved: Path, caplog: pytest.LogCaptureFixture
):
    def read() -> list[ModelConfig]:
        if "Failed to read" not in caplog.text:
            raise InvalidArgumentError("Invalid protobuf file: 'f'")
        return []

    def reload(configs: list[ModelConfig]) -> None:
        raise ServingError("not this one")

    with ConfigWatcher(read, reload, 0.01):
        eventually(lambda: "not this one" in caplog.text)
    assert "Failed to read ModelServerConfig file: Invalid protobuf file: 'f'" in caplog.text
    assert "PollFilesystemAndReloadConfig failed to ReloadConfig: not this one" in caplog.text


def test_the_watcher_takes_no_action_for_an_empty_file(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "models.config"
    path.write_text("")  # as it is for a moment when it is written anew
    caplog.set_level("INFO")

    def reload(configs: list[ModelConfig]) -> None:
        raise ServingError("it was reloaded")

    with ConfigWatcher(lambda: reread_config(path, "", {"half"}), reload, 0.01):
        eventually(lambda: caplog.text.count("Taking no action for empty config.") > 2)
    assert "it was reloaded" not in caplog.text
    path.write_text("model_config_list {}")
    assert reread_config(path, "", {"half"}) == []


def test_a_model_that_is_gone_is_still_told_of(start, saved: Path):
    _, client = start()
    client.reload(_entry("other", saved / "half"))
    eventually(lambda: {state for _, state in client.states(Spec("half"))} == {"END"})

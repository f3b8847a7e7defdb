from pathlib import Path

import pytest

from keras_session5.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError, ServingError
from keras_session5.server.config import ModelConfig, VersionPolicy, read_config


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.config"
    path.write_text(text)
    return path


def _model(
    rest: str = "", name: str = "m", base_path: str = "/models/m", platform: str = "tensorflow"
) -> str:
    platform_text = f'model_platform: "{platform}"' if platform else ""
    return f'config {{ name: "{name}" base_path: "{base_path}" {platform_text} {rest} }}'


def _list(*models: str) -> str:
    return f"model_config_list {{ {' '.join(models)} }}"


def test_a_file_gives_names_paths_policies_and_labels(tmp_path: Path):
    text = _list(
        _model('version_labels { key: "stable" value: 4 }'),
        _model("model_version_policy { all {} }", "a"),
        _model("model_version_policy { latest { num_versions: 2 } }", "b"),
        _model("model_version_policy { specific { versions: 3 versions: 5 } }", "c"),
    )
    assert read_config(_write(tmp_path, text)) == [
        ModelConfig("m", "/models/m", VersionPolicy(), {"stable": 4}),
        ModelConfig("a", "/models/m", VersionPolicy(latest=None)),
        ModelConfig("b", "/models/m", VersionPolicy(latest=2)),
        ModelConfig("c", "/models/m", VersionPolicy(specific=frozenset({3, 5}))),
    ]


@pytest.mark.parametrize(
    ("policy", "chosen"),
    [
        (VersionPolicy(), [10]),
        (VersionPolicy(latest=2), [9, 10]),
        (VersionPolicy(latest=None), [1, 9, 10]),
        (VersionPolicy(specific=frozenset({1, 7})), [1]),
    ],
)
def test_a_policy_chooses_by_number(policy: VersionPolicy, chosen: list[int]):
    assert policy.choose([9, 10, 1]) == chosen


@pytest.mark.parametrize(
    ("written", "meant"),
    [("/models/m", "{0}/m"), ("/models", "{0}"), ("/modelsque/m", "/modelsque/m"), ("/data/m", "/data/m")],
)
def test_the_mount_point_stands_for_the_folder(tmp_path: Path, written: str, meant: str):
    path = _write(tmp_path, _list(_model(base_path=written)))
    assert read_config(path, tmp_path / "exported")[0].base_path == meant.format(tmp_path / "exported")
    assert read_config(path)[0].base_path == written


def test_a_dict_gives_absolute_paths_as_they_are():
    assert read_config({"m": "saved/m", "n": "/models/n"}, "elsewhere") == [
        ModelConfig("m", str(Path("saved/m").absolute())),
        ModelConfig("n", "/models/n"),
    ]


def test_an_empty_file_serves_nothing(tmp_path: Path):
    assert read_config(_write(tmp_path, "")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_list(_model(), _model()), "Illegal to list model m multiple times in config list"),
        (
            _list(_model(base_path="m")),
            "Expected model m to have an absolute path or URI; got base_path()=m",
        ),
        (
            _list(_model(platform="")),
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor"
            " ModelServerConfig::model_platform, model name is m",
        ),
        (
            _list(_model("model_type: TENSORFLOW")),
            "Illegal setting both ModelServerConfig::model_type (deprecated) and"
            " ModelServerConfig::model_platform, model name is m",
        ),
        (_list(_model(platform="caffe")), "Model m requests unsupported platform caffe"),
        (_list(_model("model_type: OTHER", platform="")), "Model m requests unsupported platform other"),
    ],
)
def test_what_is_not_well_described_is_refused_in_upstreams_words(tmp_path: Path, text: str, message: str):
    with pytest.raises(InvalidArgumentError) as caught:
        read_config(_write(tmp_path, text))
    assert str(caught.value) == message


def test_a_served_model_keeps_its_platform_and_the_file_its_kind(tmp_path: Path):
    changed = _write(tmp_path, _list(_model(platform="caffe")))
    with pytest.raises(InvalidArgumentError) as caught:
        read_config(changed, served=["m"])
    assert str(caught.value) == (
        "Illegal to change a model's platform. For model m platform was tensorflow and new platform requested"
        " is caffe"
    )
    custom = _write(tmp_path, "custom_model_config {}")
    with pytest.raises(FailedPreconditionError, match=r"^Cannot transition to requested config"):
        read_config(custom, served=[])
    with pytest.raises(InvalidArgumentError, match="custom_model_config is not supported"):
        read_config(custom)


@pytest.mark.parametrize("content", [b"model_config_list { confg {} }", b"\xff"])
def test_a_file_that_does_not_parse_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "models.config"
    path.write_bytes(content)
    with pytest.raises(InvalidArgumentError) as caught:
        read_config(path)
    assert str(caught.value) == f"Invalid protobuf file: '{path}'"


def test_a_missing_file_is_not_found(tmp_path: Path):
    with pytest.raises(NotFoundError, match="No such file or directory"):
        read_config(tmp_path / "none")
    with pytest.raises(ServingError):
        read_config(tmp_path)

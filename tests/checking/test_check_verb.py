"""`session5 check`: its paths, its output and its exit status."""

import contextlib
import io
import json
import shutil
import sys

import pytest

from keras_session5.checking.operations import find_unknown, graph_version, parse_target
from keras_session5.cli import main
from keras_session5.errors import ArgumentError

from .conftest import write_record


@pytest.fixture
def check(monkeypatch):
    """Arguments -> exit status and standard output; without measuring, unless the arguments ask for it."""

    def check(*arguments):
        measure = [] if {"--measure", "--help"} & set(arguments) else ["--no-measure"]
        monkeypatch.setattr(sys, "argv", ["session5", "check", *map(str, arguments), *measure])
        printed, status = io.StringIO(), 0
        with contextlib.redirect_stdout(printed):
            try:
                main()
            except SystemExit as end:
                status = end.code or 0
        return status, printed.getvalue()

    return check


def test_a_sound_model(check, sound):
    status, printed = check(sound, "--measure")
    assert status == 0
    assert "serving_default takes" in printed
    assert printed.endswith("0 errors, 0 warnings, 0 notes\n")


def test_errors_fail_and_are_printed_with_their_remedy(check, base):
    (base / "1").rename(base / "v1")
    status, printed = check(base)
    assert status == 1
    first, _, mend, *_ = printed.splitlines()
    assert first == f"error: {base / 'v1'}: the name of the version folder is not an integer"
    assert mend == f"    -> mv {base / 'v1'} {base / '1'}"


def test_warnings_fail_only_if_strict_and_notes_never(check, base):
    (base / ".writing-1").mkdir()
    assert check(base)[0] == 0
    assert check(base, "--strict")[0] == 1
    (base / ".writing-1").rmdir()
    (base / "1/assets.extra/tf_serving_warmup_requests").unlink()
    status, printed = check(base, "--strict")
    assert status == 0
    assert printed.endswith("0 errors, 0 warnings, 1 note\n")


def test_json_is_one_object(check, base):
    write_record(base / "1", rows_independent={"serving_default": False})
    status, printed = check(base, "--for", "tensorflow-serving:2.20.0", "--json", "--measure")
    found = json.loads(printed)
    assert status == 0
    assert found["path"] == str(base)
    assert found["for"] == "tensorflow-serving:2.20"
    assert [one["severity"] for one in found["findings"]] == ["warning", "note"]
    assert all(one.keys() == {"severity", "where", "what", "why", "mend"} for one in found["findings"])
    assert found["model"] == found["models"][0]
    assert found["model"].keys() == {
        "path", "size_bytes", "load_seconds", "signature", "first_call_ms", "steady_call_ms"
    }  # fmt: skip


def test_the_file_in_a_version_stands_for_the_version(check, sound):
    assert check(sound / "1" / "saved_model.pb")[0] == 0


def test_a_folder_of_models(check, base, tmp_path):
    shutil.copytree(base, tmp_path / "other")
    (tmp_path / "other/1/variables/variables.index").unlink()
    (tmp_path / "notes").mkdir()
    status, printed = check(tmp_path, "--json")
    found = json.loads(printed)
    assert status == 1
    assert [one["where"] for one in found["findings"]] == [str(tmp_path / "other/1")]
    assert [one["path"] for one in found["models"]] == [
        str(tmp_path / name) for name in ("half/1", "other/1")
    ]


def test_a_file_is_a_configuration_or_a_network_of_keras(check, tmp_path):
    (tmp_path / "m.config").write_text("models {}")
    status, printed = check(tmp_path / "m.config")
    assert status == 1
    assert "m.config:1:1: ModelServerConfig has no field models" in printed
    (tmp_path / "model.keras").touch()
    status, printed = check(tmp_path / "model.keras")
    assert status == 1
    assert "is a file of Keras" in printed


def test_a_damaged_model_is_not_loaded(check, monkeypatch, base):
    monkeypatch.setattr(sys, "argv", ["session5", "check", str(base)])
    (base / "1/saved_model.pb").write_bytes(b"x")
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["--server", "127.0.0.1:1"], [".", "--for", "torchserve"]]
)
def test_wrong_usage_has_status_2(check, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert check(*arguments)[0] == 2


def test_targets():
    assert parse_target("kserve:2.20.1").title == "KServe with TensorFlow 2.20"
    assert parse_target("tensorflow-serving").tensorflow == "2.21"
    for wrong in (
        "",
        "tensorflow-serving:",
        "tensorflow-serving:9.9",
        "session5:2.20",
        "Session5",
        "torch:2.1",
    ):
        with pytest.raises(ArgumentError):
            parse_target(wrong)


def test_the_operations_of_the_installed_tensorflow_are_those_in_the_file():
    import tensorflow as tf
    from tensorflow.python.framework import op_def_registry

    version = ".".join(tf.__version__.split(".")[:2])
    assert graph_version(version) == tf.version.GRAPH_DEF_VERSION
    assert dict(find_unknown(["DecodeWebP", "DecodeJxl", "MatMul"], "2.17")) == {
        "DecodeWebP": "is new in 2.20",
        "DecodeJxl": "is new in 2.21",
    }
    assert list(find_unknown(["DecodeWebP", "DecodeJxl", "MatMul"], version)) == []
    for name in ("DecodeWebP", "DecodeJxl", "IndexFlatMapDataset"):
        assert op_def_registry.get(name) is not None

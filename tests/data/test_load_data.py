"""Names and folders that do not exist are refused in a sentence; importing is cheap."""

import subprocess
import sys

import pytest

from keras_session5.data import DATA_SETS, load_data
from keras_session5.errors import ArgumentError, DataError


def test_importing_the_package_imports_neither_tensorflow_nor_tfds():
    program = (
        "import sys, keras_session5.data as data; data.DATA_SETS['digits'].description\n"
        "sys.exit(bool({'tensorflow', 'tensorflow_datasets', 'babel', 'sklearn'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_data_set_says_whether_it_needs_the_network():
    assert {name for name, entry in DATA_SETS.items() if entry.needs_network} == {"mnist", "fashion_mnist"}
    for entry in DATA_SETS.values():
        assert entry.kind in ("vector", "image", "text")
        assert entry.description
        assert (entry.kind == "text") == (entry.alphabet is not None)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("mnits", "mnist"), ("logic_gates/nandd", "logic_gates/nand"), ("place-names", "place_names")],
)
def test_an_unknown_name_is_refused_with_the_nearest_and_the_list(name, nearest):
    with pytest.raises(ArgumentError, match=f"Did you mean {nearest}. Received: name='{name}'") as caught:
        load_data(name)
    assert "logic_gates/xor" in str(caught.value)
    assert "digits" in str(caught.value)


@pytest.mark.parametrize("name", ["logic_gates", "digits/large", "", "logic_gates/"])
def test_a_gate_is_named_for_the_gates_and_for_nothing_else(name):
    with pytest.raises(ArgumentError, match="`name` must be one of"):
        load_data(name)


@pytest.mark.parametrize("name", ["digits", "fashion_mnist"])
def test_a_folder_that_does_not_exist_is_refused(name, tmp_path):
    with pytest.raises(ArgumentError, match=r"existing folder.*Received: data_dir='.*nowhere'"):
        load_data(name, tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_to_is_refused_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "file" / "folder"))
    with pytest.raises(DataError, match=r"cannot be written to.*--data-dir"):
        load_data("digits")


def test_the_environment_names_the_folder_which_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "new" / "folder"))
    load_data("logic_gates/or")
    assert (tmp_path / "new" / "folder" / "logic_gates" / "or" / "1.0.0").is_dir()


@pytest.mark.parametrize("name", ["logic_gates/and", "digits", "place_names"])
def test_the_classes_are_those_that_the_registry_names(name, data_dir):
    assert load_data(name, data_dir).class_names == DATA_SETS[name.partition("/")[0]].class_names

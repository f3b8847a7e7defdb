"""Names and folders that do not exist are refused in a sentence; importing is cheap."""

import subprocess
import sys
from typing import get_args

import pytest

from keras_session5.data import DATA_SETS, load_data
from keras_session5.data.dataset import Modality
from keras_session5.data.registry import loadable_names
from keras_session5.errors import ArgumentError, DataError


def test_importing_the_package_imports_neither_tensorflow_nor_tfds():
    program = (
        "import sys, keras_session5.data as data; data.DATA_SETS['digits'].description\n"
        "sys.exit(bool({'tensorflow', 'tensorflow_datasets', 'babel', 'sklearn'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_data_set_says_whether_it_needs_the_network():
    needy = {name for name, entry in DATA_SETS.items() if entry.needs_network}
    assert needy == {"mnist", "fashion_mnist", "tiny_shakespeare"}


@pytest.mark.parametrize("entry", DATA_SETS.values(), ids=DATA_SETS.keys())
def test_what_an_entry_says_follows_from_its_kind(entry):
    assert entry.modality in get_args(Modality)
    assert entry.description
    assert bool(entry.alphabet) == (entry.modality in ("text", "text_pair"))
    assert bool(entry.target_alphabet) == (entry.modality == "text_pair")
    assert bool(entry.class_names) == (entry.modality in ("vector", "image", "text"))
    assert entry.default_variant is None or entry.default_variant in entry.variants


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("mnits", "mnist"), ("logic_gates/nandd", "logic_gates/nand"), ("place-names", "place_names")],
)
def test_an_unknown_name_is_refused_with_the_nearest_and_the_list(name, nearest):
    with pytest.raises(ArgumentError, match=f"Did you mean {nearest}. Received: name='{name}'") as caught:
        load_data(name)
    assert "logic_gates/xor" in str(caught.value)
    assert "digits" in str(caught.value)


@pytest.mark.parametrize("name", ["logic_gates", "digits/large", "", "logic_gates/", "waves/", "waves/high"])
def test_a_variant_is_named_where_there_are_variants_and_nowhere_else(name):
    with pytest.raises(ArgumentError, match="`name` must be one of"):
        load_data(name)


def test_a_default_variant_may_be_named_or_not():
    names = loadable_names()
    assert [name for name in names if name.startswith("waves")] == ["waves", "waves/random", "waves/fixed"]
    assert len(names) == len(set(names))


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


@pytest.mark.parametrize("name", ["logic_gates/and", "digits", "place_names", "retina_cards"])
def test_the_classes_are_those_that_the_registry_names(name, data_dir):
    assert load_data(name, data_dir).class_names == DATA_SETS[name.partition("/")[0]].class_names

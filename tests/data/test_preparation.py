"""A prepared copy is whole, of the installed versions, made without a word and without the network."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.errors import DataError

LOAD = "import sys; from keras_session5.data import load_data; load_data(sys.argv[1], sys.argv[2])"


@pytest.fixture
def digits_copy(data_dir, tmp_path):
    """A folder with a prepared copy of the digits, and the copy's own folder in it."""
    load_data("digits", data_dir)
    shutil.copytree(data_dir / "digits", tmp_path / "digits")
    return tmp_path, tmp_path / "digits" / f"scikit-learn-{version('scikit-learn')}" / "1.0.0"


def test_nothing_is_printed_and_nothing_connected_to(tmp_path, monkeypatch, capfd):
    from tensorflow_datasets.core.utils import gcs_utils

    def refuse(*args, **kwargs):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(gcs_utils, "exists", refuse)  # TFDS's bucket, which TensorFlow would ask
    load_data("logic_gates/nor", tmp_path)
    load_data("logic_gates/nor", tmp_path)
    captured = capfd.readouterr()
    assert captured.out == ""
    for progress in ("Downloading", "Generating", "Dl Completed"):
        assert progress not in captured.err


def test_a_second_load_reads_what_the_first_prepared(digits_copy):
    folder, prepared = digits_copy
    first = load_data("digits", folder)
    times = {path: path.stat().st_mtime_ns for path in prepared.iterdir()}
    second = load_data("digits", folder)
    np.testing.assert_array_equal(first.train.inputs, second.train.inputs)
    assert {path: path.stat().st_mtime_ns for path in prepared.iterdir()} == times


def test_a_copy_made_with_another_version_is_not_taken(digits_copy):
    folder, copy = digits_copy
    copy.parent.rename(copy.parent.with_name("scikit-learn-0.1"))
    load_data("digits", folder)
    assert copy.is_dir()


@pytest.mark.parametrize(
    "damage",
    [
        lambda copy: next(copy.glob("*train*")).write_bytes(b""),
        lambda copy: next(copy.glob("*test*")).write_bytes(b"half a record"),
        lambda copy: next(copy.glob("*test*")).unlink(),
        lambda copy: (copy / "dataset_info.json").unlink(),
        lambda copy: (copy / "dataset_info.json").write_text('{"name": "dig'),
    ],
    ids=["empty split", "broken record", "missing split", "no record", "broken info"],
)
def test_a_damaged_copy_is_refused_with_the_folder_to_delete(damage, digits_copy):
    folder, copy = digits_copy
    damage(copy)
    with pytest.raises(DataError, match=f"{folder / 'digits'}.*cannot be read.*Delete that folder"):
        load_data("digits", folder)


@pytest.mark.slow
def test_two_processes_that_prepare_at_once_both_end_well(tmp_path):
    command = [sys.executable, "-c", LOAD, "place_names", str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert not list(tmp_path.rglob("incomplete*"))


def test_what_a_killed_process_leaves_is_not_taken_for_a_data_set(tmp_path, data_dir):
    process = subprocess.Popen([sys.executable, "-c", LOAD, "place_names", str(tmp_path)])
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("incomplete*")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert not list(tmp_path.rglob("dataset_info.json"))
    after, expected = load_data("place_names", tmp_path), load_data("place_names", data_dir)
    np.testing.assert_array_equal(after.test.inputs, expected.test.inputs)


def test_a_copy_that_appears_meanwhile_is_taken(tmp_path, data_dir, monkeypatch):
    import tensorflow_datasets as tfds

    load_data("digits", data_dir)

    def lose_the_race(builder, **kwargs):
        shutil.copytree(data_dir / "digits", tmp_path / "digits")
        raise FileExistsError(builder.data_dir)

    monkeypatch.setattr(tfds.core.GeneratorBasedBuilder, "download_and_prepare", lose_the_race)
    assert len(load_data("digits", tmp_path).test) == 899


def test_a_failed_preparation_is_reported_with_its_reason(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def fail(builder, **kwargs):
        raise OSError("Not enough disk space.")

    monkeypatch.setattr(tfds.core.GeneratorBasedBuilder, "download_and_prepare", fail)
    with pytest.raises(DataError, match=f"Preparing digits in {tmp_path} failed: Not enough disk space."):
        load_data("digits", tmp_path)

"""The one long text of TFDS's data set becomes windows of 128 characters."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from keras_session5.data import load_data, prepared, reachability
from keras_session5.data.characters import SHAKESPEARE_ALPHABET, decode

# 65 * 80 = 5,200 characters, which TFDS splits into 4,680 + 260 + 260
TEXT = SHAKESPEARE_ALPHABET * 80


@pytest.fixture
def data(tmp_path, monkeypatch):
    """TFDS's own builder, given a file in place of the download."""
    (tmp_path / "input.txt").write_text(TEXT)
    monkeypatch.setattr(prepared, "check_reachable", lambda name, url: None)
    monkeypatch.setattr(
        tfds.download.DownloadManager, "download", lambda manager, url: str(tmp_path / "input.txt")
    )
    return load_data("tiny_shakespeare", tmp_path)


def test_what_is_loaded_describes_itself(data):
    assert (data.modality, data.class_names, data.whole_texts) == ("text", ("Shakespeare",), False)
    assert (data.alphabet, data.target_alphabet) == (SHAKESPEARE_ALPHABET, "")
    assert data.source == "TFDS tiny_shakespeare/1.0.0"
    for split, num_windows in ((data.train, 36), (data.validation, 2), (data.test, 2)):
        assert split.inputs.shape == (num_windows, 128)
        assert split.inputs.dtype == split.labels.dtype == np.int32
        np.testing.assert_array_equal(split.labels, np.zeros(num_windows))


def test_the_windows_are_the_text_without_overlap_and_without_its_rest(data):
    assert "".join(data.train.texts) == TEXT[: 36 * 128]
    assert "".join(data.validation.texts) == TEXT[4_680 : 4_680 + 2 * 128]
    assert "".join(data.test.texts) == TEXT[4_940 : 4_940 + 2 * 128]


def test_ids_are_decoded_to_the_windows(data):
    assert decode(data.train.inputs, SHAKESPEARE_ALPHABET) == list(data.train.texts)
    assert data.train.inputs.min() == 2
    assert data.train.inputs.max() == 66


def test_without_the_network_it_is_refused_and_idx_files_are_not_spoken_of(tmp_path, monkeypatch):
    monkeypatch.setattr(reachability, "_find_obstacle", lambda url, timeout_s: "no network")
    with pytest.raises(prepared.DataError, match="tiny_shakespeare must be downloaded") as caught:
        load_data("tiny_shakespeare", tmp_path)
    assert "IDX" not in str(caught.value)


@pytest.mark.network
def test_tiny_shakespeare_comes_from_the_internet(tmp_path):
    data = load_data("tiny_shakespeare", tmp_path)
    assert len(data.train) == 1_003_854 // 128
    assert data.train.texts[0].startswith("First Citizen:")
    assert data.train.inputs.min() >= 2

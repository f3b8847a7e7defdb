"""Two tasks in one data set: the names and the dates, with a prefix, in their own splits."""

from importlib.metadata import version

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.data.characters import ALPHABET, DATE_ALPHABET, UNKNOWN_ID, decode
from keras_session5.data.place_names.names import LANGUAGES
from keras_session5.data.text_tasks.tasks import TASKS_ALPHABET, task_pairs

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def data(data_dir):
    return load_data("text_tasks", data_dir)


@pytest.fixture(scope="module")
def sources(data_dir):
    return load_data("place_names", data_dir), load_data("dates", data_dir)


def pairs(split):
    return dict(zip(split.texts, split.targets, strict=True))


def test_what_is_loaded_describes_itself(data):
    assert (data.modality, data.class_names) == ("text_pair", ())
    assert data.alphabet == data.target_alphabet == TASKS_ALPHABET
    assert data.source == f"TFDS text_tasks/babel-{version('babel')}/1.0.0"
    for name in SPLITS:
        split = getattr(data, name)
        assert (split.inputs.shape, split.labels.shape) == ((len(split), 73), (len(split), 10))
        assert split.inputs.dtype == split.labels.dtype == np.int32


def test_the_alphabet_has_all_that_the_two_tasks_need(data):
    assert list(TASKS_ALPHABET) == sorted(set(TASKS_ALPHABET))
    assert set(TASKS_ALPHABET) == set(ALPHABET) | set(DATE_ALPHABET)
    assert len(TASKS_ALPHABET) == 164
    for name in SPLITS:
        assert UNKNOWN_ID not in getattr(data, name).inputs
        assert UNKNOWN_ID not in getattr(data, name).labels


@pytest.mark.parametrize("name", SPLITS)
def test_a_split_is_that_of_the_names_and_as_much_of_that_of_the_dates(name, data, sources):
    names, dates = (getattr(source, name) for source in sources)
    expected = {
        f"language: {text}": tuple(LANGUAGES)[label]
        for text, label in zip(names.texts, names.labels, strict=True)
    }
    num_dates = min(len(names), len(dates))
    expected |= {f"iso: {text}": iso for text, iso in list(pairs(dates).items())[:num_dates]}
    assert pairs(getattr(data, name)) == expected
    assert len(getattr(data, name)) == len(names) + num_dates


def test_examples_are_as_the_docstring_says(data):
    known = {source: target for name in SPLITS for source, target in pairs(getattr(data, name)).items()}
    assert known["language: Frankreich"] == "German"
    assert known["language: Ruotsi"] == "Finnish"
    assert {target[4] for source, target in known.items() if source.startswith("iso: ")} == {"-"}


def test_the_two_tasks_are_mixed(data):
    is_date = np.array([source.startswith("iso: ") for source in data.train.texts])
    assert 0.4 < is_date[:1_000].mean() < 0.6


def test_ids_are_decoded_to_the_texts(data):
    assert decode(data.test.inputs, TASKS_ALPHABET) == list(data.test.texts)
    assert decode(data.test.labels, TASKS_ALPHABET) == list(data.test.targets)


def test_two_preparations_are_equal(data):
    assert task_pairs("test") == task_pairs("test") == pairs(data.test)

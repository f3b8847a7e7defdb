"""Each text means one day, each day is in one split, and what is held out are new days."""

import datetime
import re
from importlib.metadata import version

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.data.characters import DATE_ALPHABET, ISO_ALPHABET, UNKNOWN_ID, decode
from keras_session5.data.dates.days import FORMATS, date_pairs, list_days, write_date
from keras_session5.data.place_names.names import LANGUAGES

SPLITS = ("train", "validation", "test")
DAY = datetime.date(2020, 3, 12)


@pytest.fixture(scope="module")
def data(data_dir):
    return load_data("dates", data_dir)


@pytest.fixture(scope="module")
def all_texts():
    """Every text of the days of two years, which hold every day, month and day of the week."""
    days = [datetime.date(2019, 1, 1) + datetime.timedelta(i) for i in range(365 + 366)]
    return [
        (write_date(day, language, date_format), day)
        for day in days
        for language in LANGUAGES
        for date_format in FORMATS
    ]


def test_what_is_loaded_describes_itself(data):
    assert (data.modality, data.alphabet, data.target_alphabet) == ("text_pair", DATE_ALPHABET, ISO_ALPHABET)
    assert (data.class_names, data.whole_texts) == ((), True)
    assert data.source == f"TFDS dates/babel-{version('babel')}/1.0.0"
    for split, num_pairs in ((data.train, 30_000), (data.validation, 1_500), (data.test, 2_000)):
        assert (split.inputs.shape, split.labels.shape) == ((num_pairs, 39), (num_pairs, 10))
        assert split.inputs.dtype == split.labels.dtype == np.int32
        assert len(split.texts) == len(split.targets) == num_pairs


@pytest.mark.parametrize(
    ("language", "date_format", "text"),
    [
        ("German", "full", "Donnerstag, 12. März 2020"),
        ("German", "medium", "12.03.2020"),
        ("French", "long", "12 mars 2020"),
        ("English", "full", "Thursday, March 12, 2020"),
        ("Spanish", "long", "12 de marzo de 2020"),
        ("Turkish", "full", "12 Mart 2020 Perşembe"),
        ("Hungarian", "long", "2020. március 12."),
        ("Lithuanian", "medium", "2020-03-12"),
    ],
)
def test_a_day_is_written_as_people_write_it(language, date_format, text):
    assert write_date(DAY, language, date_format) == text


def test_odd_spaces_become_plain_ones(monkeypatch):
    monkeypatch.setattr("babel.dates.format_date", lambda *args, **kwargs: "12.\u00a0mars\u202f\u20092020")
    assert write_date(DAY, "French", "long") == "12. mars  2020"


def test_no_text_means_two_days(data, all_texts):
    # within two years by all texts; texts of different years differ by the year, of which each has one
    meanings = {}
    for text, day in all_texts:
        assert meanings.setdefault(text, day) == day
        assert re.findall(r"\d{4}", text) == [str(day.year)]
    for split in SPLITS:
        part = getattr(data, split)
        assert len(set(part.texts)) == len(part)
        for text, iso in zip(part.texts, part.targets, strict=True):
            assert re.findall(r"\d{4}", text) == [iso[:4]]


def test_the_alphabet_is_what_the_texts_are_written_in(data, all_texts):
    assert "".join(sorted({character for text, _ in all_texts for character in text})) == DATE_ALPHABET
    for split in SPLITS:
        assert UNKNOWN_ID not in getattr(data, split).inputs
        assert UNKNOWN_ID not in getattr(data, split).labels


def test_a_day_is_in_one_split_with_about_the_share_of_its_hash():
    days = {split: set(list_days(split)) for split in SPLITS}
    assert len(set.union(*days.values())) == sum(map(len, days.values())) == 100 * 365 + 25
    assert [len(days[split]) for split in SPLITS] == pytest.approx([29_220, 3_652, 3_652], abs=300)


@pytest.mark.parametrize(
    ("iso", "last_digit"),  # of `printf %s ISO | sha256sum`, as a decimal number
    [("2020-03-12", 6), ("1969-07-20", 2), ("1989-11-09", 9), ("2038-01-19", 8)],
)
def test_the_split_follows_from_the_day_alone(iso, last_digit):
    split = {8: "validation", 9: "test"}.get(last_digit, "train")
    assert datetime.date.fromisoformat(iso) in list_days(split)


def test_the_pairs_of_a_split_are_of_its_days(data):
    days = {split: {day.isoformat() for day in list_days(split)} for split in SPLITS}
    for split in SPLITS:
        assert set(getattr(data, split).targets) <= days[split]
    assert set(data.train.targets) == days["train"]
    assert len(set(data.test.targets)) == len(data.test)


def test_every_language_and_format_is_there(data):
    texts = dict(zip(data.test.texts, data.test.targets, strict=True))
    days = [datetime.date.fromisoformat(iso) for iso in data.test.targets]
    for language in LANGUAGES:
        for date_format in FORMATS:
            written = {write_date(day, language, date_format) for day in days}
            assert len(written & texts.keys()) >= 10  # 2,000 / 60 = 33 are expected


def test_ids_are_decoded_to_the_texts(data):
    assert decode(data.test.inputs, DATE_ALPHABET) == list(data.test.texts)
    assert decode(data.test.labels, ISO_ALPHABET) == list(data.test.targets)


def test_two_preparations_are_equal(data, tmp_path):
    assert list(date_pairs("test").items()) == list(zip(data.test.texts, data.test.targets, strict=True))
    assert list(date_pairs("train")) == list(data.train.texts)

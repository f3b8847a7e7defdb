"""The names are in one language each, in one split each, and hard enough to tell apart."""

from collections import Counter
from importlib.metadata import version

import numpy as np
import pytest
from babel import Locale
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from keras_session5.data import load_data
from keras_session5.data.characters import ALPHABET, UNKNOWN_ID
from keras_session5.data.place_names.names import LANGUAGES, assign_split, names_by_language

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def data(data_dir):
    return load_data("place_names", data_dir)


def texts(data):
    return [text for split in SPLITS for text in getattr(data, split).texts]


def test_what_is_loaded_describes_itself(data):
    assert (data.modality, data.alphabet, data.class_names) == ("text", ALPHABET, tuple(LANGUAGES))
    assert len(data.class_names) == 20
    assert data.source == f"TFDS place_names/babel-{version('babel')}/1.0.0"


def test_a_class_is_called_as_the_cldr_calls_its_language():
    for language, code in LANGUAGES.items():
        assert language in str(Locale.parse(code).get_display_name("en"))


def test_no_name_is_in_two_splits_or_in_two_languages(data):
    assert max(Counter(texts(data)).values()) == 1
    names = Counter(name for names in names_by_language().values() for name in names)
    assert max(names.values()) == 1
    assert sorted(names) == sorted(texts(data))


def test_every_split_has_about_its_share_and_every_language(data):
    shares = [len(getattr(data, split)) / len(texts(data)) for split in SPLITS]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.01)
    for split in SPLITS:
        assert len(set(getattr(data, split).labels)) == 20


@pytest.mark.parametrize(
    ("name", "last_digit"),  # of `printf %s NAME | sha256sum`, as a decimal number
    [("Frankreich", 2), ("Ruotsi", 5), ("Švajčiarsko", 0), ("koptiska", 8), ("Schweden", 9), ("Grčka", 9)],
)
def test_the_split_follows_from_the_name_alone(name, last_digit, data):
    split = {8: "validation", 9: "test"}.get(last_digit, "train")
    assert assign_split(name) == split
    assert name in getattr(data, split).texts


def test_labels_stand_beside_their_names(data):
    languages = {
        text: data.class_names[label]
        for split in SPLITS
        for text, label in zip(getattr(data, split).texts, getattr(data, split).labels, strict=True)
    }
    assert languages["Frankreich"] == "German"
    assert languages["Allemagne"] == "French"
    assert languages["Ruotsi"] == "Finnish"
    assert languages["Grčka"] == "Croatian"
    assert "Portugal" not in languages


def test_tokens_are_the_names_padded_to_the_longest(data):
    width = max(map(len, texts(data)))
    for split in SPLITS:
        part = getattr(data, split)
        assert part.inputs.shape == (len(part.texts), width)
        assert part.inputs.dtype == part.labels.dtype == np.int32
        assert [int(n) for n in (part.inputs > 0).sum(axis=1)] == [len(text) for text in part.texts]
        first = "".join(ALPHABET[token - 2] for token in part.inputs[0] if token)
        assert first == part.texts[0]


def test_the_alphabet_covers_the_names(data):
    tokens = np.concatenate([getattr(data, split).inputs for split in SPLITS])
    tokens = tokens[tokens > 0]
    assert (tokens == UNKNOWN_ID).mean() <= 0.001


def test_codes_and_years_are_no_names(data):
    assert not [text for text in texts(data) if text.isupper() or any(map(str.isdigit, text))]


def test_character_n_grams_with_a_linear_classifier_reach_what_is_documented(data):
    classifier = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), lowercase=False, sublinear_tf=True),
        LinearSVC(random_state=0),
    )
    classifier.fit(data.train.texts, data.train.labels)
    assert 0.79 <= classifier.score(data.test.texts, data.test.labels) <= 0.85
    assert data.class_names[classifier.predict(["Frankreich"])[0]] == "German"

"""The n-gram models add up to one, count as Kneser and Ney did, and know no name they are measured on."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from keras_session5.data import DataSet
from keras_session5.data.characters import ALPHABET
from keras_session5.data.dataset import Split
from keras_session5.data.place_names.names import assign_split, names_by_language

PATH = Path(__file__).parents[2] / "benchmarks" / "ngrams.py"


def load_benchmark():
    spec = importlib.util.spec_from_file_location("ngrams", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ngrams = load_benchmark()


@pytest.fixture(scope="module")
def data():
    """`place_names` from Babel itself, without TFDS and without character ids."""
    names = names_by_language()
    pairs = [(name, label) for label, of_language in enumerate(names.values()) for name in of_language]

    def split(wanted):
        texts, labels = zip(*(pair for pair in pairs if assign_split(pair[0]) == wanted), strict=True)
        return Split(np.empty((len(texts), 0), np.int32), np.array(labels, np.int32), texts)

    splits = {wanted: split(wanted) for wanted in ("train", "validation", "test")}
    return DataSet("place_names", "text", **splits, class_names=tuple(names), alphabet=ALPHABET, source="")


@pytest.fixture(scope="module")
def measured(data):
    return {name: (validation, test) for name, validation, test, _ in ngrams.measure(data, 5)}


def test_a_bigram_model_is_worked_out_by_hand():
    model = ngrams.KneserNey(2, alphabet="abc").fit(["^ab", "^ab", "^ac"])
    # Symbols before: ^ a | a b | a c | b c $, so a(a) = a(b) = a(c) = 1 and a($) = 2, in all 5. V = 5.
    # n1 = 3, n2 = 1: D = 3 / 5. To share among V: 3/5 * 4 / 5 = 12/25, that is 12/125 each.
    single = (1 - 3 / 5) / 5 + 12 / 125
    unigrams = {"a": single, "b": single, "c": single, "$": (2 - 3 / 5) / 5 + 12 / 125, "?": 12 / 125}
    assert model.next_symbol("?") == pytest.approx(unigrams)
    # Seen: ^a 3, ab 2, ac 1, b$ 2, c$ 1. n1 = 2, n2 = 2: D = 2 / 6. After a: 3 seen, 2 different.
    share = 1 / 3 * 2 / 3
    expected = {symbol: share * p for symbol, p in unigrams.items()}
    expected["b"] += (2 - 1 / 3) / 3
    expected["c"] += (1 - 1 / 3) / 3
    assert model.next_symbol("a") == pytest.approx(expected)
    after_start = (3 - 1 / 3) / 3 + 1 / 3 * 1 / 3 * single
    after_b = (2 - 1 / 3) / 2 + 1 / 3 * 1 / 2 * unigrams["$"]
    assert model.log_probability("^ab") == pytest.approx(math.log(after_start * expected["b"] * after_b))


def test_order_one_has_a_closed_form():
    model = ngrams.KneserNey(1, alphabet="ab").fit(["^aab", "^a"])
    # a 3, b 1, $ 2: n1 = n2 = 1, D = 1 / 3, and 3 D / 6 = 1/6 is shared among V = 4.
    expected = {
        "a": (3 - 1 / 3) / 6 + 1 / 24,
        "b": 1 / 9 + 1 / 24,
        "$": (2 - 1 / 3) / 6 + 1 / 24,
        "?": 1 / 24,
    }
    assert model.next_symbol("^") == model.next_symbol("^ab") == pytest.approx(expected)


def test_a_model_of_nothing_is_uniform_over_154_symbols():
    model = ngrams.KneserNey(3).fit([])
    assert model.log_probability("^Peru") == pytest.approx(-5 * math.log(154))


def test_beginnings_are_counted_as_often_as_they_are_seen():
    model = ngrams.KneserNey(4, alphabet="abc").fit(["^ab", "^ab", "^ac", "^ca"])
    # ^a 3, ^c 1; before the six other pairs stands one symbol each. n1 = 7, n2 = 0: D = 1. As unigrams, a
    # and c have two symbols before them each, so that their shares of the rest are the same.
    probabilities = model.next_symbol("^")
    assert probabilities["a"] - probabilities["c"] == pytest.approx((3 - 1) / 4)


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("context", ["^", "^D", "^Dominik", "^中中", "ominik", ""])
def test_probabilities_of_the_next_symbol_add_up_to_one(order, context):
    model = ngrams.KneserNey(order).fit(["^Dominika", "^Dominikaaninen", "^Dania", "^Tanska", "^Łotwa 中"])
    probabilities = model.next_symbol(context)
    assert len(probabilities) == 154
    assert sum(probabilities.values()) == pytest.approx(1)
    assert min(probabilities.values()) > 0


def test_the_marks_are_no_characters_of_the_names():
    assert not {ngrams.START, ngrams.END, ngrams.UNKNOWN, chr(ngrams.FIRST_LANGUAGE)} & set(ALPHABET)


def test_a_mark_inside_a_text_is_an_unknown_character():
    model = ngrams.KneserNey(2).fit(["^a$b", "^a^b"])
    assert model.probabilities("^a$b") == model.probabilities("^a^b") == model.probabilities("^a中b")


def test_what_is_predicted_is_every_character_and_the_end():
    model = ngrams.KneserNey(3).fit(["^Peru"])
    assert len(model.probabilities("^Peru")) == 5
    assert len(model.probabilities("^")) == 1


def test_the_best_weight_is_the_one_with_the_fewest_nats():
    sure, unsure = np.array([0.9, 0.9]), np.array([0.1, 0.2])
    assert ngrams.best_weight(sure, unsure) == 1
    assert ngrams.best_weight(unsure, sure) == 0
    assert ngrams.best_weight(np.array([0.2, 0.8]), np.array([0.8, 0.2])) == pytest.approx(0.5)


def test_names_that_were_counted_are_less_surprising_than_test_names(data):
    model = ngrams.KneserNey(5).fit("^" + text for text in data.train.texts)
    train, test = (
        ngrams.nats(np.concatenate([model.probabilities("^" + text) for text in texts]))
        for texts in (data.train.texts[::10], data.test.texts)
    )
    assert train < test - 0.3


def test_order_five_reaches_what_is_documented(measured):
    assert measured["all languages"][1] == pytest.approx(1.615, abs=0.01)
    assert measured["all languages, language first"][1] == pytest.approx(1.598, abs=0.01)
    assert measured["one for each language"][1] == pytest.approx(1.779, abs=0.01)


def test_a_mixture_is_better_than_its_parts(measured):
    each = measured["one for each language"]
    mixtures = {name: nats for name, nats in measured.items() if "+" in name}
    assert len(mixtures) == 2
    for name, nats in mixtures.items():
        weight, of_all = name.split(" + ")[0].split(" ", 1)
        assert 0 < float(weight) < 1
        for split in (0, 1):
            assert nats[split] < min(each[split], measured[of_all][split]) - 0.05

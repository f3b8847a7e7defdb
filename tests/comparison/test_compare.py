"""Classical against deep: complete rows, the same examples for both, a lead that follows the numbers."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import keras_session5 as s5
from keras_session5.catalog import NETWORKS, Recipe
from keras_session5.comparison import compare
from keras_session5.comparison.classical import METHODS
from keras_session5.comparison.compare import CLASSICAL, DEEP, Curve, Row
from keras_session5.data import load_data, subset
from keras_session5.errors import ArgumentError
from keras_session5.training import batches


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """On a busy machine the threads of so small products wait for each other longer than they compute."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def digits():
    """A tenth of the digits."""
    data = load_data("digits")
    return replace(data, train=subset(data.train, 90, 0), test=subset(data.test, 100, 0))


def short(tmp_path):
    return partial(s5.train, data="digits", seed=0, epochs=1, runs_dir=tmp_path, verbose=0, dashboard=False)


def row(family, accuracy, name="some"):
    return Row(name, family, "pixels", 898, accuracy, 1.0, 1.0, 1, None)


def curve(family, *accuracies):
    return Curve("some", family, "pixels", (9, 90, 898), accuracies)


def test_the_rows_of_classical_methods_are_complete(digits):
    rows = list(compare.classical_rows(digits, seed=0))
    assert [(r.name, r.features) for r in rows] == [(m.name, m.features) for m in METHODS["image"]]
    for found in rows:
        assert (found.family, found.examples, found.parameters) == (CLASSICAL, 90, None)
        assert 0.4 < found.accuracy <= 1
        assert min(found.train_seconds, found.predict_us, found.size_bytes) > 0


def test_a_method_that_is_too_slow_for_all_examples_gets_fewer_and_says_so(digits, monkeypatch):
    few = [replace(method, max_examples=50) for method in METHODS["image"][1:3]]
    monkeypatch.setattr(compare, "METHODS", {"image": few})
    rows = list(compare.classical_rows(digits, seed=0))
    assert [r.examples for r in rows] == [50, 50]
    assert [r.note for r in rows] == ["k = 3, trained on 50 of 90", "trained on 50 of 90"]
    found = list(compare.curves(digits, rows, s5.train, seed=0))
    assert [c.examples for c in found] == [(1, 2, 4, 9, 18, 45, 50)] * 2


def test_the_row_of_a_network_is_that_of_its_run(digits, tmp_path):
    (found,) = compare.deep_rows(digits, ["mlp"], short(tmp_path))
    result = s5.training.load_result("mlp", runs_dir=tmp_path)
    assert (found.name, found.family, found.features) == ("mlp", DEEP, "learned")
    assert (found.accuracy, found.train_seconds) == (result.metrics["accuracy"], result.seconds)
    assert found.parameters == 109_386
    assert found.predict_us > 0
    # Four bytes a weight and a little around it: the optimiser's state would be twice as much again.
    assert 4 * 109_386 < found.size_bytes < 5 * 109_386


def test_both_families_learn_from_the_same_growing_examples(digits, monkeypatch, tmp_path):
    asked, seen = [], []
    rows = [
        replace(row(CLASSICAL, 0.9, "decision tree"), examples=90),
        replace(row(DEEP, 0.9, "mlp"), examples=90),
    ]

    def train(name, **settings):
        asked.append((name, settings))
        return short(tmp_path)(name, **settings)

    class Spy:
        name, features = "decision tree", "pixels"

        def fit(self, inputs, labels, seed):
            seen.append(inputs)
            return METHODS["image"][2].fit(inputs, labels, seed)

    monkeypatch.setattr(compare, "METHODS", {"image": (Spy(),)})
    # Three sizes are enough: 1 example, 9, and all.
    monkeypatch.setattr(compare, "FRACTIONS", (0.01, 0.1, 1.0))
    tree, mlp = compare.curves(digits, rows, train, seed=0)
    assert tree.examples == mlp.examples == (1, 9, 90)
    assert tree.accuracies[-1] == mlp.accuracies[-1] == 0.9
    assert [(name, settings["examples"]) for name, settings in asked] == [("mlp", 1), ("mlp", 9)]
    assert [len(inputs) for inputs in seen] == [1, 9]
    assert (seen[1][:1] == seen[0]).all(), "nested"
    rows_drawn = np.random.default_rng([0, 90]).permutation(90)[:9]
    assert (seen[1] == digits.train.inputs[rows_drawn]).all()
    assert (subset(digits.train, 9, 0).inputs == seen[1]).all(), "what a network is trained on"


def test_sizes_rise_and_are_at_least_one():
    assert compare.sizes(898) == [9, 18, 45, 90, 180, 449, 898]
    assert compare.sizes(4) == [1, 2, 4]


@pytest.mark.parametrize("examples", compare.sizes(898))
def test_few_examples_are_passed_over_until_there_are_a_quarter_of_the_steps(examples):
    recipe = Recipe(batch_size=32)
    more = compare.repeats_for(recipe, examples, 898)
    split = subset(load_data("digits").train, examples, 0)
    full = batches.steps_per_epoch(recipe, load_data("digits").train)
    assert full / 4 <= batches.steps_per_epoch(replace(recipe, repeats=more), split) <= full
    assert compare.repeats_for(recipe, 898, 898) == 1
    assert compare.repeats_for(replace(recipe, repeats=100), 898, 898) == 100


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("digits", {"mlp", "lenet5"}),
        ("place_names", {"simple_rnn", "transformer_encoder"}),
        ("logic_gates/or", {"perceptron", "mlp_xor"}),
        ("fashion_mnist", {"mlp", "lenet5"}),
    ],
)
def test_the_networks_are_those_with_a_recipe_for_the_data(data, expected):
    found = compare.networks_for(data)
    assert expected <= set(found)
    for name in found:
        entry = NETWORKS[name]
        assert entry.recipe is not None
        assert entry.task == "classification"
        assert data in entry.recipes or entry.data.split("/")[0] == data.split("/")[0]


def test_networks_that_are_asked_for_come_in_that_order_and_once():
    assert compare.networks_for("digits", ["mlp", "lenet5", "mlp"]) == ["mlp", "lenet5"]


@pytest.mark.parametrize(
    ("data", "names", "sentence"),
    [
        ("digits", ["lenet"], "Did you mean lenet5"),
        ("digits", ["simple_rnn"], "of modality text for simple_rnn"),
        ("place_names", ["masked_language_model"], "must be one that classifies"),
        ("digits", ["vit_b16"], "is not trained"),
    ],
)
def test_networks_that_cannot_be_compared_are_refused(data, names, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        compare.networks_for(data, names)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("digit", "Did you mean digits"),
        ("logic_gates/xr", "Did you mean logic_gates/xor"),
        ("waves", "with two or more classes: logic_gates, digits.*Received: data='waves'"),
        ("dates", "with two or more classes.*Received: data='dates'"),
        ("tiny_shakespeare", "with two or more classes"),
    ],
)
def test_data_without_classes_are_refused(data, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        compare.check_has_classes(data)


@pytest.mark.parametrize(
    ("classical", "deep", "numbers"),
    [
        (0.969, 0.9, "some 0.9000 - some on pixels 0.9690 = -0.0690; chance explains 0.0226"),
        (0.969, 0.978, "some 0.9780 - some on pixels 0.9690 = +0.0090; chance explains 0.0148"),
        (0.9, 0.9, "some 0.9000 - some on pixels 0.9000 = +0.0000; chance explains 0.0277"),
    ],
)
def test_the_lead_is_told_beside_what_chance_explains(classical, deep, numbers):
    rows = [row(CLASSICAL, 0.5), row(CLASSICAL, classical), row(DEEP, deep), row(DEEP, 0.5)]
    assert compare.findings(load_data("digits"), rows, []) == [
        f"Best network - best classical method: {numbers} on 899 test examples."
    ]


def test_a_truth_table_is_no_sample():
    rows = [row(CLASSICAL, 0.5), row(DEEP, 0.75)]
    (sentence,) = compare.findings(load_data("logic_gates/xor"), rows, [])
    assert sentence.endswith("some 0.7500 - some on pixels 0.5000 = +0.2500.")


def test_one_family_alone_has_a_best():
    rows = [row(CLASSICAL, 0.5), row(CLASSICAL, 0.75, "other")]
    assert compare.findings(load_data("digits"), rows, []) == ["Best: other on pixels 0.7500."]


@pytest.mark.parametrize(
    ("deep", "sentence"),
    [
        ((0.1, 0.6, 0.98), "The best network leads from 898 training examples on."),
        ((0.5, 0.8, 0.98), "The best network leads from 9 training examples on."),
        ((0.5, 0.8, 0.6), "No network leads with all training examples."),
        ((0.4, 0.7, 0.9), "No network leads with all training examples."),
    ],
)
def test_the_lead_follows_the_curves(deep, sentence):
    curves = [curve(CLASSICAL, 0.4, 0.7, 0.9), curve(CLASSICAL, 0.3, 0.7, 0.8), curve(DEEP, *deep)]
    found = compare.findings(load_data("digits"), [row(CLASSICAL, 0.9), row(DEEP, deep[-1])], curves)
    assert found[1:] == [sentence]


def test_a_curve_that_ends_early_keeps_its_last_accuracy():
    ends = Curve("some", CLASSICAL, "pixels", (9, 50), (0.2, 0.7))
    assert [ends.at(n) for n in (9, 49, 50, 898)] == [0.2, 0.2, 0.7, 0.7]
    rows = [row(CLASSICAL, 0.7), row(DEEP, 0.8)]
    found = compare.findings(load_data("digits"), rows, [ends, curve(DEEP, 0.1, 0.5, 0.8)])
    assert found[1] == "The best network leads from 898 training examples on."


def test_only_given_methods_are_fitted_and_with_the_given_numbers_of_examples(digits):
    linear = [method for method in METHODS["image"] if method.name == "linear SVM"]
    (found,) = compare.classical_rows(digits, 0, linear)
    assert found.label == "linear SVM on HOG"
    (drawn,) = compare.curves(digits, [found], s5.train, 0, linear, counts=(20, 45, 900))
    assert drawn.examples == (20, 45, 90)
    assert drawn.accuracies[-1] == found.accuracy

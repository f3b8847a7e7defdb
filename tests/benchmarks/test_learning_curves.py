"""The stored learning curves are complete, and a small piece of them can be measured again."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from keras_session5.catalog import NETWORKS
from keras_session5.comparison import compare
from keras_session5.comparison.classical import oriented_gradients
from keras_session5.comparison.compare import Curve
from keras_session5.data import load_data, subset

PATH = Path(__file__).parents[2] / "benchmarks" / "learning_curves.py"
FEW = 300


def load_benchmark():
    spec = importlib.util.spec_from_file_location("learning_curves", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


benchmark = load_benchmark()
needs_clothes = pytest.mark.skipif(
    not Path(benchmark.FASHION).is_dir(), reason="Debian's package dataset-fashion-mnist is not installed"
)


@pytest.fixture(scope="module")
def stored():
    found = compare.stored_curves()
    return {curve["name"]: curve for curve in found["curves"]} | {"record": found}


@pytest.fixture(scope="module")
def clothes():
    return load_data("fashion_mnist", benchmark.FASHION)


def test_the_record_says_how_when_and_where_it_was_measured(stored):
    record = stored["record"]
    assert record["command"].startswith("python benchmarks/learning_curves.py")
    assert {"date", "machine", "versions", "seeds", "hog_seconds"} < set(record)
    assert record["seeds_up_to"] == benchmark.SEEDS_UP_TO
    assert record["test_examples"] == 10_000


def test_each_curve_has_an_accuracy_for_each_size_and_rises(stored):
    for name in ("linear SVM", "lenet5", "SVM"):
        examples, accuracies = stored[name]["examples"], stored[name]["accuracies"]
        assert set(examples) <= set(benchmark.COUNTS)
        assert len(examples) == len(accuracies)
        assert 0.4 < accuracies[0] < accuracies[-1] < 1
    assert stored["lenet5"]["examples"] == list(benchmark.COUNTS)


def test_small_sizes_are_means_of_the_seeds_and_large_ones_are_of_the_first():
    first = Curve("some", "deep", "learned", (100, 300, 9_000), (0.5, 0.6, 0.9))
    second = Curve("some", "deep", "learned", (100, 9_000), (0.7, 0.9))
    assert benchmark._merge([first, second])["accuracies"] == [0.6, 0.6, 0.9]
    assert benchmark._merge([first])["accuracies"] == [0.5, 0.6, 0.9]
    assert benchmark._chosen((100, 300, 9_000), 0) == [100, 300, 9_000]
    assert benchmark._chosen((100, 300, 9_000), 1) == [100, 300]


@needs_clothes
@pytest.mark.recipe
def test_the_linear_method_measured_again_has_the_stored_accuracy(stored, clothes):
    test = oriented_gradients(clothes.test.inputs)
    accuracies = []
    for seed in benchmark.SEEDS:
        train = subset(clothes.train, FEW, seed)
        fitted = benchmark.LINEAR.fit(oriented_gradients(train.inputs), train.labels, seed)
        accuracies.append(fitted.score(test, clothes.test.labels))
    assert np.mean(accuracies) == pytest.approx(at(stored["linear SVM"], FEW), abs=0.003)


@needs_clothes
@pytest.mark.recipe
def test_lenet5_measured_again_is_near_the_stored_accuracy(stored, clothes, tmp_path):
    recipe = NETWORKS["lenet5"].recipe_for("fashion_mnist")
    accuracies = [
        benchmark.s5.train(
            "lenet5",
            data="fashion_mnist",
            data_dir=benchmark.FASHION,
            seed=seed,
            examples=FEW,
            repeats=compare.repeats_for(recipe, FEW, len(clothes.train)),
            runs_dir=tmp_path,
            verbose=0,
            dashboard=False,
        ).metrics["accuracy"]
        for seed in benchmark.SEEDS
    ]
    assert np.mean(accuracies) == pytest.approx(at(stored["lenet5"], FEW), abs=0.02)


def at(curve, count):
    return dict(zip(curve["examples"], curve["accuracies"], strict=True))[count]

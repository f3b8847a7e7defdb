"""What the recipes reach. Some take minutes: `make test-recipes` runs those, with three seeds each."""

import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.catalog import NETWORKS


@pytest.mark.recipe
def test_eight_hidden_units_solve_xor_for_ten_seeds_of_ten(tmp_path):
    found = [
        s5.train("mlp_xor", seed=seed, runs_dir=tmp_path, verbose=0, dashboard=False).metrics
        for seed in range(10)
    ]
    assert [metrics["accuracy"] for metrics in found] == [1.0] * 10


@pytest.mark.recipe
def test_two_hidden_units_get_stuck_for_some_seeds_and_not_for_others(tmp_path):
    found = {
        s5.train("mlp_xor", seed=seed, num_hidden=2, runs_dir=tmp_path, verbose=0, dashboard=False).metrics[
            "accuracy"
        ]
        for seed in range(8)
    }
    assert 1.0 in found
    assert min(found) < 1.0


@pytest.mark.recipe
@pytest.mark.parametrize(("name", "mean"), [("mlp", 0.93), ("lenet5", 0.955)])
def test_digits_are_read_as_well_as_promised_by_three_seeds(name, mean, tmp_path):
    found = [
        s5.train(name, seed=seed, runs_dir=tmp_path, verbose=0, dashboard=False).metrics for seed in range(3)
    ]
    accuracies = [metrics["accuracy"] for metrics in found]
    assert np.mean(accuracies) >= mean
    assert min(accuracies) >= NETWORKS[name].min_accuracy


@pytest.mark.recipe
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", [name for name, entry in NETWORKS.items() if entry.recipe])
def test_a_recipe_reaches_what_it_promises_with_three_seeds(name, tmp_path):
    entry = NETWORKS[name]
    for seed in range(3):
        metrics = s5.train(name, seed=seed, runs_dir=tmp_path, verbose=0, dashboard=False).metrics
        assert entry.min_accuracy is None or metrics["accuracy"] >= entry.min_accuracy
        assert entry.max_loss is None or metrics["loss"] <= entry.max_loss
        if name == "simple_rnn_waves":
            assert metrics["loss"] < metrics["linear_autoregression"]


@pytest.mark.recipe
@pytest.mark.timeout(3600)
def test_an_encoder_that_has_filled_in_hidden_characters_tells_languages_apart_better(tmp_path):
    settings = {"epochs": 16, "runs_dir": tmp_path, "verbose": 0}
    scratch = s5.train("transformer_encoder", **settings)
    teacher = s5.train("masked_language_model", runs_dir=tmp_path, verbose=0, dashboard=False)
    tuned = s5.train("transformer_encoder", start_from=teacher, **settings)
    assert tuned.metrics["accuracy"] > scratch.metrics["accuracy"] + 0.02

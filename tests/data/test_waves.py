"""The waves carry the noise that is stated, and are as hard for linear regression as documented."""

import numpy as np
import pytest

from keras_session5.data import load_data
from keras_session5.data.waves.signals import FIXED_PERIODS, VARIANTS, make_waves


@pytest.fixture(scope="module", params=VARIANTS)
def data(request, data_dir):
    return load_data(f"waves/{request.param}", data_dir)


def one_step_ratio(data):
    """The squared error of least squares on the 50 values, as a multiple of the noise's variance."""

    def with_bias(split):
        return np.column_stack([split.inputs[..., 0], np.ones(len(split))])

    weights, *_ = np.linalg.lstsq(with_bias(data.train), data.train.labels[:, 0])
    return np.mean((with_bias(data.test) @ weights - data.test.labels[:, 0]) ** 2) / data.noise_floor


def test_what_is_loaded_describes_itself(data):
    assert (data.modality, data.class_names, data.alphabet) == ("series", (), "")
    assert data.noise_floor == pytest.approx(0.01)
    assert data.source == f"TFDS {data.name}/1.0.0"
    for split, num_waves in ((data.train, 8_000), (data.validation, 1_000), (data.test, 2_000)):
        assert (split.inputs.shape, split.labels.shape) == ((num_waves, 50, 1), (num_waves, 20))
        assert split.inputs.dtype == split.labels.dtype == np.float32


def test_the_name_alone_means_random_periods(data_dir):
    data, same = load_data("waves", data_dir), load_data("waves/random", data_dir)
    assert (data.name, data.source) == ("waves", same.source)
    np.testing.assert_array_equal(data.test.inputs, same.test.inputs)


def test_least_squares_comes_near_the_noise_only_where_the_periods_are_fixed(data):
    low, high = {"waves/fixed": (1.1, 1.3), "waves/random": (2.7, 3.4)}[data.name]
    assert low < one_step_ratio(data) < high


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_clean_signal_misses_the_noisy_one_by_the_noise_floor(variant):
    signal, waves = make_waves(variant, 4_000, seed=5)
    # the mean of n squares of normal noise has a standard deviation of variance * sqrt(2 / n)
    assert np.mean((waves - signal) ** 2) == pytest.approx(0.01, abs=4 * 0.01 * np.sqrt(2 / signal.size))
    assert np.corrcoef((waves - signal)[:, 49], (waves - signal)[:, 50])[0, 1] == pytest.approx(0, abs=0.07)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_values_have_the_variance_of_three_sines(variant):
    signal, _ = make_waves(variant, 8_000, seed=6)
    mean_square_of_an_amplitude = (0.2**2 + 0.2 * 1 + 1**2) / 3
    assert signal.mean() == pytest.approx(0, abs=0.01)
    assert signal.var() == pytest.approx(3 * mean_square_of_an_amplitude / 2, rel=0.02)


def test_fixed_periods_are_sines_and_cosines_of_three_periods():
    signal, _ = make_waves("fixed", 100, seed=7)
    angles = 2 * np.pi * np.arange(70) / np.reshape(FIXED_PERIODS, (3, 1))
    basis = np.concatenate([np.sin(angles), np.cos(angles)]).T
    weights, *_ = np.linalg.lstsq(basis, signal.T)
    np.testing.assert_allclose(basis @ weights, signal.T, atol=1e-5)


def test_the_same_seed_gives_the_same_waves_and_another_gives_others():
    first, again, other = (make_waves("random", 10, seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.isclose(first, other).all(axis=1).any()


def test_no_wave_is_in_two_splits(data):
    waves = np.concatenate([split.inputs[..., 0] for split in (data.train, data.validation, data.test)])
    assert len(np.unique(waves, axis=0)) == 11_000


def test_two_preparations_are_equal(data, tmp_path):
    again = load_data(data.name, tmp_path)
    np.testing.assert_array_equal(again.train.inputs, data.train.inputs)
    np.testing.assert_array_equal(again.validation.labels, data.validation.labels)

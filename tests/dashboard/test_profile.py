"""The trace of a few training steps. Writing one needs no xprof, which shows it."""

import logging

import pytest

import keras_session5 as s5
from keras_session5.errors import ArgumentError, TrainingError


@pytest.fixture
def profiled(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)

    def train(**settings):
        return s5.train(
            "mlp",
            runs_dir=tmp_path,
            verbose=0,
            dashboard=False,
            **{"profile": True, "epochs": 3, "examples": 512, **settings},
        )

    return train


def traces(run_dir):
    return list(run_dir.glob("plugins/profile/*/*.xplane.pb"))


def test_training_is_the_same_with_it_to_the_last_bit(profiled):
    with_it, without = profiled(), profiled(profile=False)
    assert [w.tobytes() for w in with_it.model.get_weights()] == [
        w.tobytes() for w in without.model.get_weights()
    ]
    (trace,) = traces(with_it.run_dir)
    # Twelve steps are fewer than are waited for: the last five.
    assert b"train" in trace.read_bytes()
    assert not traces(without.run_dir)


def test_a_training_that_fails_leaves_no_profiler_running(profiled):
    with pytest.raises(TrainingError):
        profiled(learning_rate=1e30)
    assert traces(profiled().run_dir)


def test_a_trace_that_cannot_be_written_stops_no_training(profiled, in_the_way, caplog):
    in_the_way("plugins")
    with caplog.at_level(logging.WARNING):
        assert profiled().metrics["accuracy"] > 0
    (sentence,) = [message for message in caplog.messages if "dashboard" in message]
    assert "stops here; training continues: " in sentence


def test_without_the_profilers_package_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        ArgumentError, match=r"`profile` must .* xprof.* pip install 'keras-session5\[profile\]'"
    ):
        s5.train("mlp", runs_dir=tmp_path, profile=True)
    assert not list(tmp_path.iterdir())

"""The perceptron learns by Rosenblatt's rule, to the bit, inside Keras's own `fit`."""

import keras
import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.data import load_data

# Novikoff's bound (R / gamma)^2 on the mistakes from zero weights; R^2 = 3 with the bias as an input.
MISTAKES_AT_MOST = {"and": 51, "nand": 51, "or": 27, "nor": 27}


def rosenblatt(inputs, targets, learning_rate, epochs):
    """NumPy reference: weights and mistakes after each epoch."""
    w, b, history = np.zeros(2, "float32"), np.float32(0), []
    for _ in range(epochs):
        mistakes = 0
        for x, target in zip(inputs, targets, strict=True):
            prediction = np.float32(w @ x + b >= 0)
            step = np.float32(learning_rate) * (np.float32(target) - prediction)
            w, b = w + step * x, b + step
            mistakes += int(prediction != target)
        history.append((w.copy(), b, mistakes))
        if mistakes == 0:
            break
    return history


class Weights(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.after_epoch = []

    def on_epoch_end(self, epoch, logs=None):
        kernel, bias = self.model.get_weights()
        self.after_epoch.append((kernel[:, 0], bias[0]))


@pytest.fixture
def watched(monkeypatch):
    """The weights after every epoch of what `train` fits."""
    weights = Weights()
    fit = keras.Model.fit
    monkeypatch.setattr(
        keras.Model,
        "fit",
        lambda self, *a, callbacks, **k: fit(self, *a, callbacks=[weights, *callbacks], **k),
    )
    return weights


@pytest.mark.parametrize("gate", ["and", "or", "nand", "nor", "xor", "a_implies_b"])
@pytest.mark.parametrize("learning_rate", [1.0, 0.1])
def test_weights_after_every_epoch_are_those_of_the_numpy_rule(gate, learning_rate, watched, tmp_path):
    data = load_data(f"logic_gates/{gate}").train
    s5.train(
        "perceptron",
        data=f"logic_gates/{gate}",
        epochs=30,
        runs_dir=tmp_path,
        verbose=0,
        learning_rate=learning_rate,
    )
    expected = rosenblatt(data.inputs, data.labels, learning_rate, epochs=30)
    assert len(watched.after_epoch) == len(expected)
    for (kernel, bias), (w, b, _) in zip(watched.after_epoch, expected, strict=True):
        assert kernel.tobytes() == w.tobytes()
        assert bias.tobytes() == b.tobytes()


@pytest.mark.parametrize("gate", MISTAKES_AT_MOST)
def test_separable_gates_are_learned_within_novikoffs_bound(gate, tmp_path):
    result = s5.train("perceptron", data=f"logic_gates/{gate}", runs_dir=tmp_path, verbose=0, dashboard=False)
    mistakes = sum(round(4 * (1 - epoch["accuracy"])) for epoch in result.history)
    assert 0 < mistakes <= MISTAKES_AT_MOST[gate]
    assert result.metrics == {"accuracy": 1.0, "loss": 0.0}


def test_training_stops_at_the_first_clean_epoch(tmp_path):
    history = s5.train("perceptron", runs_dir=tmp_path, verbose=0, dashboard=False).history
    assert [epoch["accuracy"] == 1 for epoch in history] == [False] * (len(history) - 1) + [True]


def test_xor_makes_four_mistakes_an_epoch_and_says_that_it_is_not_separable(tmp_path, caplog):
    result = s5.train("perceptron", data="logic_gates/xor", runs_dir=tmp_path, verbose=0, dashboard=False)
    assert len(result.history) == 60
    assert {epoch["accuracy"] for epoch in result.history[3:]} == {0.0}
    assert "not linearly separable" in result.record["note"]
    assert result.record["note"] in caplog.messages

"""What a dashboard is made of, computed another way: the graph, gradients, activations, answers."""

import math

import keras
import numpy as np
import pytest

from keras_session5.catalog import NETWORKS
from keras_session5.dashboard import CatalogueRun
from keras_session5.dashboard.graph import network_graph
from keras_session5.dashboard.predictor import Predictor
from keras_session5.dashboard.probe import Probe, gradient_norm


def test_lenet5_is_drawn_as_the_paper_draws_it():
    nodes = network_graph(NETWORKS["lenet5"].build()).node
    edges = {node.name: list(node.input) for node in nodes}
    chain = ["image", "scale", "c1", "s2", "c3", "s4", "c5", "flatten", "f6", "probabilities"]
    assert edges == {
        name: [before] if before else [] for name, before in zip(chain, [None, *chain], strict=False)
    }
    c1 = next(node for node in nodes if node.name == "c1")
    assert (c1.op, c1.attr["parameters"].i) == ("Conv2D", 156)
    sizes = [dim.size for dim in c1.attr["_output_shapes"].list.shape[0].dim]
    assert sizes == [-1, 28, 28, 6]


def test_a_layer_that_is_called_twice_makes_no_circle():
    edges = {node.name: list(node.input) for node in network_graph(NETWORKS["gpt"].build()).node}
    assert edges["positions"] == ["embedding"]
    assert edges["embedding_2"] == ["final_norm"]
    assert edges["logits"] == ["embedding_2"]


def test_two_inputs_and_a_residual_connection_are_edges():
    edges = {node.name: list(node.input) for node in network_graph(NETWORKS["transformer"].build()).node}
    assert edges["source"] == edges["target"] == []
    assert edges["decoder_block1_cross"][:2] == ["decoder_block1_attention_norm", "memory"]
    assert len(edges["decoder_block1_cross_add"]) == 2


def numerical_gradients(model, task, batch):
    """Central differences of the loss of a batch, by the names of the weights."""
    asked, answer = batch
    found = {}

    def loss():
        return float(model.compute_loss(asked, answer, model(asked, training=False), training=False))

    for weight in model.trainable_variables:
        value = keras.ops.convert_to_numpy(weight.value).copy()
        found[weight.path] = np.zeros_like(value)
        for place in np.ndindex(*value.shape):
            sides = []
            for step in (1e-2, -1e-2):
                moved = value.copy()
                moved[place] += step
                weight.assign(moved)
                sides.append(loss())
            found[weight.path][place] = (sides[0] - sides[1]) / 2e-2
        weight.assign(value)
    return found


def test_gradients_are_those_of_central_differences(compiled):
    model, task, _ = compiled("mlp_xor")
    probe = Probe(model, model, CatalogueRun(task, {}).probe_batch())
    _, gradients = probe.measure()
    expected = numerical_gradients(model, task, probe.batch)
    assert gradients.keys() == expected.keys()
    for path, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[path], atol=1e-4)
    norm = math.sqrt(sum((gradient**2).sum() for gradient in expected.values()))
    assert gradient_norm(gradients) == pytest.approx(norm, rel=1e-3)


def test_the_perceptrons_gradient_is_the_mean_of_its_corrections(compiled):
    model, task, _ = compiled("perceptron")
    model.set_weights([np.array([[1.0], [-2.0]]), np.array([0.5])])
    x, y = task.train.inputs, task.train.labels
    wrong = (x @ [1, -2] + 0.5 >= 0) - y.astype(float)
    _, gradients = Probe(model, model, CatalogueRun(task, {}).probe_batch()).measure()
    np.testing.assert_allclose(gradients["fires/kernel"][:, 0], (wrong[:, None] * x).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(gradients["fires/bias"], wrong.mean(), rtol=1e-6)


def test_activations_are_the_layers_outputs(compiled):
    model, task, _ = compiled("mlp")
    probe = Probe(model, model, CatalogueRun(task, {}).probe_batch())
    activations, _ = probe.measure()
    hidden = keras.Model(model.input, model.get_layer("hidden2").output)
    np.testing.assert_allclose(activations["hidden2"], hidden(probe.batch[0]), rtol=1e-5)
    np.testing.assert_array_equal(probe.batch[0][..., 0], np.float32(task.train.inputs[..., 0])[_drawn(task)])


def _drawn(task):
    """The rows of the training split that the probe shows: all, where there are no more than 32."""
    return np.arange(len(task.train))


def test_losses_of_texts_are_the_mean_over_the_characters_that_count(compiled):
    model, task, _ = compiled("masked_language_model")
    shown = CatalogueRun(task, {})
    predictions, split = shown.predictions(model, Predictor(model, model)), shown.split
    asked, right, counts = task.batch(
        split.inputs[:, : len(max(split.texts, key=len))], split.labels, np.random.default_rng(0)
    )
    logits = keras.ops.convert_to_numpy(model(asked))
    logs = keras.ops.convert_to_numpy(keras.ops.log_softmax(logits))
    for row in range(len(split)):
        of_right = [logs[row, t, right[row, t]] for t in np.flatnonzero(counts[row])]
        assert predictions.losses[row] == pytest.approx(-np.mean(of_right) if of_right else 0, abs=1e-5)
    assert list(predictions.labels) == list(split.texts)
    hidden = counts.astype(bool) & (asked == 1)
    assert sum(text.count("_") for text in predictions.inputs) == hidden.sum() > 0


def test_the_rows_of_a_truth_table_are_shown_as_they_are_written(compiled):
    model, task, _ = compiled("perceptron")
    predictions = CatalogueRun(task, {}).predictions(model, Predictor(model, model))
    assert predictions.inputs == ["0 0", "0 1", "1 0", "1 1"]

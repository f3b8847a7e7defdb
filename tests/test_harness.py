"""What every network of the catalogue must do. An entry that is missing here fails."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.catalog import NETWORKS
from keras_session5.data import load_data
from keras_session5.data.characters import ALPHABET, vocabulary_size
from keras_session5.export import max_difference
from keras_session5.training import batches, fit
from keras_session5.training.train import data_arguments

# Counted by hand, from the shapes. Place names have 154 ids and twenty languages.
PARAMETERS = {
    "perceptron": 2 + 1,
    "mlp_xor": (2 * 8 + 8) + (8 + 1),
    "mlp": (784 * 128 + 128) + (128 * 64 + 64) + (64 * 10 + 10),
    "lenet5": 156 + 2_416 + 48_120 + 10_164 + 850,
    "simple_rnn": 154 * 96 + 2 * 192 * (96 + 192 + 1) + (2 * 192 + 1) * 20,
    "transformer_encoder": 154 * 64
    + 2 * (4 * (64 * 64 + 64) + (64 * 256 + 256) + (256 * 64 + 64) + 2 * 2 * 64)
    + (64 + 1) * 20,
}

# The shortest training that still goes through everything: what is compared is not how good it is.
SHORT = {"epochs": 1, "passes": 1}


@pytest.fixture(scope="session", params=NETWORKS)
def entry(request):
    return NETWORKS[request.param]


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Every network, trained for one epoch, and exported."""
    folder = tmp_path_factory.mktemp("harness")
    results = {}
    for name in NETWORKS:
        result = s5.train(name, seed=0, runs_dir=folder / "runs", verbose=0, **SHORT)
        results[name] = result, s5.export(result, folder / "saved_models")
    return results


@pytest.fixture(scope="session")
def server(trained):
    with s5.serve({name: str(path.parent) for name, (_, path) in trained.items()}) as server:
        yield server


def questions(entry, count=64):
    """Test examples by input name; a truth table is repeated."""
    ((name, tensor),) = entry.inputs.items()
    inputs = load_data(entry.data).test.inputs
    return {name: np.resize(inputs, (count, *inputs.shape[1:])).astype(tensor.dtype)}


def expected(entry, model):
    (output,) = entry.outputs
    return {output: model.predict(*questions(entry).values(), verbose=0)}


def test_every_network_is_counted_by_hand():
    assert PARAMETERS.keys() == NETWORKS.keys()


def test_parameters_are_those_counted_by_hand(entry):
    assert entry.build().count_params() == entry.parameters == PARAMETERS[entry.name]


def test_inputs_and_outputs_are_those_declared(entry):
    model = entry.build()
    found = {tensor.name: (tensor.dtype, tensor.shape) for tensor in model.inputs}
    assert found == {name: (t.dtype, t.shape) for name, t in entry.inputs.items()}
    assert model.output_names == list(entry.outputs)
    assert [model.output_shape] == [t.shape for t in entry.outputs.values()]


def test_default_arguments_are_those_of_the_default_data(entry):
    data = load_data(entry.data)
    assert data.kind == entry.kind
    assert data_arguments(data).items() <= dict(entry.arguments).items()


def test_config_round_trip_keeps_the_answers(entry, tmp_path):
    model = entry.build()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert max_difference(expected(entry, model), expected(entry, again)) == 0


def test_the_same_seed_gives_the_same_weights(entry):
    weights = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        weights.append(np.concatenate([w.ravel() for w in entry.build().get_weights()]))
    assert np.array_equal(weights[0], weights[1])
    if entry.name != "perceptron":  # it begins with zeros, whatever the seed
        assert not np.array_equal(weights[0], weights[2])


def test_a_batch_of_one_answers_as_a_row_of_a_batch(entry):
    model = entry.build()
    (inputs,) = questions(entry, 8).values()
    whole = model.predict(inputs, verbose=0)
    rows = np.concatenate([model.predict(inputs[i : i + 1], verbose=0) for i in range(8)])
    np.testing.assert_allclose(rows, whole, atol=1e-6)


def test_padding_changes_no_answer():
    for entry in NETWORKS.values():
        if entry.kind == "text":
            keras.utils.set_random_seed(0)
            model = entry.build()
            (tokens,) = questions(entry, 32).values()
            padded = np.pad(tokens, [(0, 0), (0, 7)])
            np.testing.assert_allclose(
                model.predict(padded, verbose=0), model.predict(tokens, verbose=0), atol=1e-6
            )


def test_a_few_training_steps_lower_the_loss(entry):
    data = load_data(entry.data)
    recipe = replace(entry.recipe, schedule="constant", learning_rate=1e-3)
    model = fit.compiled_model(entry, entry.arguments, recipe, data, seed=0, jit_compile=False)
    inputs, labels = next(batches.epoch_batches(entry.recipe, data.train, np.random.default_rng(0)))
    if entry.recipe.batch_size == 1:  # one example of the perceptron: the four together say more
        inputs, labels = data.train.inputs, data.train.labels[:, None]
    before = model.evaluate(inputs, labels, verbose=0)[0]
    for _ in range(3):
        model.train_on_batch(inputs, labels)
    assert model.evaluate(inputs, labels, verbose=0)[0] < before


def test_the_exported_model_answers_the_same(entry, trained):
    import tensorflow as tf

    result, path = trained[entry.name]
    loaded = tf.saved_model.load(str(path))
    answer = loaded.signatures["serving_default"](
        **{name: tf.constant(array) for name, array in questions(entry).items()}
    )
    assert list(answer) == list(entry.outputs)
    assert max_difference(expected(entry, result.model), {k: v.numpy() for k, v in answer.items()}) <= 1e-5


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_the_served_model_answers_the_same(entry, trained, server, transport):
    address = server.grpc_address if transport == "grpc" else server.rest_address
    with s5.connect(address) as client:
        answer = client.predict(entry.name, questions(entry))
    assert list(answer) == list(entry.outputs)
    assert max_difference(expected(entry, trained[entry.name][0].model), answer) <= 1e-5


def test_the_vocabulary_of_the_hand_count_is_that_of_the_data():
    assert vocabulary_size(ALPHABET) == 154
    assert len(load_data("place_names").class_names) == 20

"""What every network of the catalogue must do. An entry that is missing here fails.

`make test-jax` runs it under JAX too, without what needs an export.
"""

import functools
import inspect
import json
import subprocess
import sys
import urllib.request
from dataclasses import replace

import keras
import numpy as np
import pytest

import keras_session5 as s5
from keras_session5.catalog import NETWORKS
from keras_session5.data import DATA_SETS, load_data
from keras_session5.data.characters import marked_vocabulary_size, trim, vocabulary_size
from keras_session5.errors import ArgumentError, InvalidArgumentError
from keras_session5.exporting import load_signatures, max_difference
from keras_session5.exporting.signatures import example_inputs, make_signatures, predict
from keras_session5.tasks import task_of
from keras_session5.training import batches, fit, load_result

# The first test with the server may train and export every network.
pytestmark = pytest.mark.timeout(900)


# Counted by hand, from the shapes. Place names have 154 ids and twenty languages, dates 92 ids and ISO dates
# 15 with the marks, both tasks together 168; a language model has a beginning for each language and an end.
def transformer_layer(d, mlp, attentions=1):
    return attentions * 4 * (d * d + d) + (d * mlp + mlp) + (mlp * d + d) + (attentions + 1) * 2 * d


def vit(d, mlp, layers, image, patch, channels, classes):
    patches = (image // patch) ** 2
    embedding = (patch * patch * channels + 1) * d + d + (patches + 1) * d
    return embedding + layers * transformer_layer(d, mlp) + 2 * d + (d + 1) * classes


PARAMETERS = {
    "threshold_unit": 2 + 1,
    "perceptron": 2 + 1,
    "photo_perceptron": 400 * 1_000 + (1_000 + 1),
    "mlp_xor": (2 * 8 + 8) + (8 + 1),
    "mlp": (784 * 128 + 128) + (128 * 64 + 64) + (64 * 10 + 10),
    "lenet5": 156 + 2_416 + 48_120 + 10_164 + 850,
    "lenet5_1998": 156 + 12 + 1_516 + 32 + 48_120 + 10_164,
    "simple_rnn": 154 * 96 + 2 * 192 * (96 + 192 + 1) + (2 * 192 + 1) * 20,
    "simple_rnn_waves": 64 * (1 + 64 + 1) + 64 * (64 + 64 + 1) + (64 + 1),
    "transformer_encoder": 154 * 64 + 2 * transformer_layer(64, 256) + (64 + 1) * 20,
    "transformer": (92 + 15) * 64
    + 2 * (transformer_layer(64, 256) + transformer_layer(64, 256, attentions=2))
    + (64 + 1) * 15,
    "transformer_base": 6 * (3_152_384 + 4_204_032),
    "gpt": 175 * 128 + 64 * 128 + 2 * transformer_layer(128, 512) + 2 * 128,
    "gpt2_small": 50_257 * 768 + 1_024 * 768 + 12 * transformer_layer(768, 3_072) + 2 * 768,
    "masked_language_model": 154 * 64 + 2 * transformer_layer(64, 256) + (64 * 64 + 64) + 2 * 64,
    "bert_base": (30_522 + 512 + 2) * 768 + 2 * 768 + 12 * transformer_layer(768, 3_072) + (768 * 768 + 768),
    "text_to_text": 168 * 96 + 2 * (transformer_layer(96, 384) + transformer_layer(96, 384, attentions=2)),
    "vit": vit(64, 128, 3, 28, 4, 1, 10),
    "vit_ti16": vit(192, 768, 12, 224, 16, 3, 1_000),
    "vit_b16": vit(768, 3_072, 12, 224, 16, 3, 1_000),
}
# As they were published; see the papers, and the checkpoints that their authors released. The paper of 2017
# gives the transformer's size with embeddings only, rounded to 65 million.
PUBLISHED = {
    "gpt2_small": 124_439_808,
    "bert_base": 109_482_240,
    "vit_ti16": 5_717_416,
    "vit_b16": 86_567_656,
    "lenet5_1998": 60_000,
}

USED = [name for name, entry in NETWORKS.items() if entry.data]  # the others are only built and counted
TRAINED = [name for name, entry in NETWORKS.items() if entry.recipe]


@pytest.fixture(scope="session", params=USED)
def entry(request):
    return NETWORKS[request.param]


@pytest.fixture(scope="session")
def task(entry):
    return task_of(entry, load_data(entry.data))


@pytest.fixture(scope="session")
def found_signatures(trained):
    """Name of a network -> its signatures, with what the Keras model answers to their examples."""

    @functools.cache
    def found_signatures(name):
        entry = NETWORKS[name]
        return make_signatures(trained(name).model, task_of(entry, load_data(entry.data)))

    return found_signatures


@pytest.fixture(scope="session")
def served(exported):
    """Name of a network -> the server of all exported networks. It raises the error of a failed export."""
    models, failures = {}, {}
    for name in USED:
        try:
            models[name] = str(exported(name).parent)
        except Exception as error:
            failures[name] = error

    def served(name):
        if name in failures:
            raise failures[name]
        return server

    with s5.serve(models, require_all=False) as server:
        yield served


def test_no_argument_of_the_catalogue_repeats_a_default_of_its_builder(entry, task):
    """What follows from the data stands in the catalogue anyway: it is what the builder is asked for."""
    defaults = inspect.signature(entry._load_builder()).parameters
    for key, value in entry.arguments.items():
        assert defaults[key].default != value or key in task.arguments()


def eager(model):
    """The model, to be run a few times: to trace its graph would take longer."""
    model.run_eagerly = True
    return model


def test_every_network_is_counted_by_hand():
    assert PARAMETERS.keys() == NETWORKS.keys()


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_those_counted_by_hand(name):
    entry = NETWORKS[name]
    model = entry.build()
    assert (
        model.count_params() == entry.parameters == PARAMETERS[name] == PUBLISHED.get(name, PARAMETERS[name])
    )
    found = {tensor.name: (tensor.dtype, tensor.shape) for tensor in model.inputs}
    assert found == {name: (t.dtype, t.shape) for name, t in entry.inputs.items()}
    assert model.output_names == list(entry.outputs)
    assert [tensor.shape for tensor in model.outputs] == [t.shape for t in entry.outputs.values()]


def test_a_network_is_trained_set_by_hand_or_counted():
    for entry in NETWORKS.values():
        assert bool(entry.recipe) != bool(entry.untrained)
        assert (entry.modality is None) == (entry.data is None)
        assert entry.tour is None or (entry.data and (entry.min_accuracy or entry.max_loss))
        if entry.tour:
            assert entry.tour_min_accuracy or entry.tour_max_loss


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in TRAINED])
def test_what_is_not_trained_says_why(name, tmp_path):
    with pytest.raises(ArgumentError, match=f"{name} is not trained. "):
        s5.train(name, runs_dir=tmp_path)
    if name not in USED:
        with pytest.raises(ArgumentError, match=f"{name} is neither trained nor exported. .* instead"):
            load_result(name, runs_dir=tmp_path)


def test_default_arguments_are_those_of_the_default_data(entry, task):
    assert task.data.modality == entry.modality
    if entry.recipe:
        needed = {key: size for key, size in task.arguments().items() if key in entry.argument_names()}
        assert needed.items() <= dict(entry.arguments).items()


def test_config_round_trip_keeps_the_answers(entry, task, tmp_path):
    model = eager(entry.build())
    asked = example_inputs(model, task)
    model.save(tmp_path / "model.keras")
    again = eager(keras.saving.load_model(tmp_path / "model.keras"))
    assert max_difference(predict(model, asked), predict(again, asked)) == 0


_ELSEWHERE = """
import sys, traceback
import numpy as np
import keras_session5, keras

for line in sys.stdin:
    try:
        asked = list(np.load("asked.npz").values())
        model = keras.models.load_model(line.rstrip())
        np.save("answered.npy", model.predict(asked if len(asked) > 1 else asked[0], verbose=0))
        print("answered", flush=True)
    except Exception:
        traceback.print_exc()
        print("failed", flush=True)
"""


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """A program that only imports the package: it is given the path of a network, and its inputs."""
    folder = tmp_path_factory.mktemp("elsewhere")
    command = [sys.executable, "-c", _ELSEWHERE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=folder, **pipes) as program:

        def answer(model, asked):
            np.savez(folder / "asked.npz", **asked)
            print(model, file=program.stdin, flush=True)
            assert program.stdout.readline() == "answered\n"
            return np.load(folder / "answered.npy")

        yield answer
        program.stdin.close()


def test_a_saved_network_loads_in_another_program_that_only_imports_the_package(
    entry, task, trained, elsewhere
):
    result = trained(entry.name)
    asked = example_inputs(result.model, task, 8)
    (expected,) = predict(result.model, asked).values()
    found = elsewhere(result.run_dir / "model.keras", asked)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)  # logits


def test_the_same_seed_gives_the_same_weights(entry):
    weights = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        weights.append(np.concatenate([w.ravel() for w in entry.build().get_weights()]))
    assert np.array_equal(weights[0], weights[1])
    if entry.name not in ("threshold_unit", "perceptron"):  # set by hand; zeros to begin with
        assert not np.array_equal(weights[0], weights[2])


def test_a_batch_of_one_answers_as_a_row_of_a_batch(entry, task):
    model = eager(entry.build())
    asked = example_inputs(model, task, 8)
    (whole,) = predict(model, asked).values()
    for i in range(8):
        (row,) = predict(model, {name: array[i : i + 1] for name, array in asked.items()}).values()
        np.testing.assert_allclose(row, whole[i : i + 1], atol=1e-5)


@pytest.mark.parametrize("name", [name for name in USED if "text" in NETWORKS[name].modality])
def test_padding_changes_no_answer(name):
    entry = NETWORKS[name]
    keras.utils.set_random_seed(0)
    model = eager(entry.build())
    asked = example_inputs(model, task_of(entry, load_data(entry.data)), 32)
    if entry.task == "language_model":  # as long as its positions already
        asked = {"tokens": asked["tokens"][:, :-7]}
    padded = {key: np.pad(tokens, [(0, 0), (0, 7)]) for key, tokens in asked.items()}
    (before,), (after,) = predict(model, asked).values(), predict(model, padded).values()
    if before.ndim == 3:  # one answer for each token: those of tokens that are there
        (tokens,) = list(asked.values())[-1:]
        before, after = before[tokens != 0], after[:, : tokens.shape[1]][tokens != 0]
    np.testing.assert_allclose(after, before, atol=1e-5)


@pytest.mark.parametrize("name", TRAINED)
def test_a_few_training_steps_lower_the_loss(name):
    entry = NETWORKS[name]
    task = task_of(entry, load_data(entry.data))
    recipe = replace(entry.recipe, schedule="constant", learning_rate=1e-3)
    model = eager(fit.compiled_model(entry, entry.arguments, recipe, task, seed=0, jit_compile=False))
    rng, train = np.random.default_rng(0), task.data.train
    rows = batches.epoch_batches(entry.recipe, train, rng)[0]
    if entry.recipe.batch_size == 1:  # one example of the perceptron: several together say more
        rows = np.arange(min(16, len(train)))
    inputs = trim(train.inputs[rows]) if train.is_text else train.inputs[rows]
    asked, answer, *counts = task.batch(inputs, train.labels[rows], rng)
    batch = (list(asked) if isinstance(asked, tuple) else asked, answer)
    counts = {"sample_weight": counts[0]} if counts else {}
    before = model.evaluate(*batch, **counts, verbose=0, return_dict=True)["loss"]
    for _ in range(3):
        model.train_on_batch(*batch, **counts)
    assert model.evaluate(*batch, **counts, verbose=0, return_dict=True)["loss"] < before


def test_the_exported_model_answers_the_same_by_every_signature(entry, exported, found_signatures):
    asked = load_signatures(exported(entry.name))
    for name, signature in found_signatures(entry.name).items():
        answer = asked[name](signature.examples)
        assert signature.expected.keys() <= answer.keys()
        assert max_difference(signature.expected, answer) <= 1e-5, name


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_the_served_model_answers_the_same(entry, task, trained, served, transport):
    server = served(entry.name)
    address = server.grpc_address if transport == "grpc" else server.rest_address
    asked = example_inputs(trained(entry.name).model, task)
    with s5.connect(address) as client:
        answer = client.predict(entry.name, asked)
    assert list(answer) == list(entry.outputs)
    assert max_difference(predict(trained(entry.name).model, asked), answer) <= 1e-5


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_the_served_explanation_is_of_the_answer_and_what_numpy_makes_of_it(
    entry, task, trained, served, transport
):
    server = served(entry.name)
    address = server.grpc_address if transport == "grpc" else server.rest_address
    asked = example_inputs(trained(entry.name).model, task, 8)
    with s5.connect(address) as client:
        plain = client.predict(entry.name, asked)
        found = client.predict(entry.name, asked, signature_name="explain")
    assert max_difference(plain, found) <= 1e-6
    assert len(found) > len(plain)
    expected = references(trained(entry.name).model, asked, found)
    attention = {name: weights for name, weights in found.items() if "attention" in name}
    for name, weights in attention.items():
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        if name.startswith("decoder") or entry.name == "gpt":
            assert (weights * (1 - np.tri(weights.shape[-1])) == 0).all()
        elif entry.modality != "image":
            padding = next(iter(asked.values())) == 0
            assert (weights * padding[:, None, None, None] == 0).all()
    assert expected or attention
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=1e-4, err_msg=name)


def references(model, asked, found):
    """What NumPy makes of the weights and of what was seen one layer below, by the name of the output."""
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    below = next(iter(asked.values()))
    if "forecast" in found:
        w, u, b = weights["rnn1"]
        return {"states_1": states(below @ w + b, u, np.ones(below.shape[:2]))}
    if "states" in found:
        w, u, b = weights["rnn"][:3]  # those of the direction that reads forwards
        forward = states(weights["embedding"][0][below] @ w + b, u, below != 0)
        every = {"prefix_probabilities": found["prefix_probabilities"].copy()}
        every["prefix_probabilities"][:, -1] = found["probabilities"]
        forward *= (below != 0)[..., None]  # both directions say 0 of padding
        return every | {"states": np.concatenate([forward, found["states"][..., len(u) :]], axis=-1)}
    if "c1" in found:
        kernel, bias = weights["f6"]
        activation = np.tanh if model.name == "lenet5" else lambda x: 1.7159 * np.tanh(2 / 3 * x)
        return {"f6": activation(found["c5"][:, 0, 0] @ kernel + bias)}
    expected, x = {}, below.reshape(len(below), -1) / (255 if below.ndim == 4 else 1)
    for name in [name for name in weights if f"{name}_sum" in found]:
        kernel, bias = weights[name] if len(weights[name]) == 2 else (weights[name][0], -2)
        expected[f"{name}_sum"], x = x @ kernel + bias, found[f"{name}_activation"]
    return expected


def states(x, u, reads):
    """h_t = tanh(x_t + h_(t-1) U), and the state before where nothing is read; (B, T, U)."""
    h, found = np.zeros((len(x), len(u))), []
    for t in range(x.shape[1]):
        h = np.where(reads[:, t, None], np.tanh(x[:, t] + h @ u), h)
        found.append(h)
    return np.stack(found, axis=1)


WRITERS = ["transformer", "text_to_text", "gpt", "masked_language_model"]


@pytest.mark.parametrize("transport", ["grpc", "rest"])
@pytest.mark.parametrize("name", WRITERS)
def test_text_goes_in_and_text_comes_out(name, served, found_signatures, transport):
    server, signature = served(name), found_signatures(name)["from_text"]
    address = server.grpc_address if transport == "grpc" else server.rest_address
    with s5.connect(address) as client:
        answer = client.predict(name, signature.examples, signature_name="from_text")
    assert max_difference(signature.expected, {"text": as_bytes(answer["text"])}) == 0


@pytest.mark.parametrize("transport", ["grpc", "rest"])
def test_chance_is_the_seeds(served, transport):
    server = served("gpt")
    address = server.grpc_address if transport == "grpc" else server.rest_address
    with s5.connect(address) as client:
        found = [
            client.predict(
                "gpt",
                {
                    "text": ["German: ", "French: "],
                    "temperature": np.ones(2, "float32"),
                    "seed": np.full(2, seed, "int32"),
                },
                signature_name="sample",
            )["text"].tolist()
            for seed in (1, 1, 2)
        ]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("transport", ["grpc", "rest"])
@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "gpt",
            "Klingon: a",
            "`text` must begin with one of Croatian, .*Turkish and a colon. Received.*Klingon",
        ),
        ("gpt", "German", "`text` must begin with one of .* and a colon. Received.*German"),
        ("gpt", b"\xff", "`text` must begin with one of .* and a colon"),
        ("gpt", "", "`text` must begin with one of"),
        ("gpt", "German: " + "W" * 64, "`text` must be shorter than 64 characters. Received.*WWWW"),
        ("transformer", "", "`text` must have at least one character in every row"),
        ("transformer", "1" * 129, "A sequence must have at most 128 tokens. Received.*129"),
        ("masked_language_model", "", "`text` must have at least one character in every row"),
        ("masked_language_model", "abc", "`text` must have a gap to fill in, such as `_`.*Received.*abc"),
    ],
)
def test_a_wrong_text_is_answered_with_a_sentence(name, text, sentence, served, transport):
    server = served(name)
    address = server.grpc_address if transport == "grpc" else server.rest_address
    with s5.connect(address) as client, pytest.raises(InvalidArgumentError, match=f"(?s){sentence}"):
        client.predict(name, {"text": [text]}, signature_name="from_text")


def test_a_row_is_sampled_in_tensorflow_servings_row_format_too(served):
    server = served("gpt")
    rows = [{"text": "German:\u00a0Fr", "temperature": 0.5, "seed": 3}] * 2
    body = json.dumps({"signature_name": "sample", "instances": rows}).encode()
    url = f"{server.rest_address}/v1/models/gpt:predict"
    with urllib.request.urlopen(url, data=body) as response:
        one, other = json.load(response)["predictions"]
    assert one == other
    assert one.startswith("Fr")  # Unicode's white space is left out, as Python leaves it out


def test_an_image_of_another_rank_is_answered_with_a_sentence(served):
    server = served("vit")
    with (
        s5.connect(server.rest_address) as client,
        pytest.raises(InvalidArgumentError, match=r"expected shape \[\?,28,28,1\]"),
    ):
        client.predict("vit", {"image": [[1.0, 2.0]]})


def as_bytes(texts):
    return np.array([text if isinstance(text, bytes) else text.encode() for text in texts.tolist()], object)


def test_the_vocabularies_of_the_hand_count_are_those_of_the_data():
    names, dates, tasks = (DATA_SETS[name] for name in ("place_names", "dates", "text_tasks"))
    assert vocabulary_size(names.alphabet) == 154
    assert marked_vocabulary_size(names.alphabet, len(names.class_names)) == 175
    assert vocabulary_size(dates.alphabet) == 92
    assert marked_vocabulary_size(dates.target_alphabet) == 15
    assert marked_vocabulary_size(tasks.alphabet) == 168

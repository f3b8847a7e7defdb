"""Explanations: what they say of a network is what finite differences, NumPy and shorter texts say."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.catalog import NETWORKS
from keras_session5.data import load_data
from keras_session5.exporting.signatures import example_inputs, make_signatures
from keras_session5.tasks import task_of

SMALL = {
    "simple_rnn": {"units": 6, "embed_dim": 5},
    "gpt": {"num_layers": 1, "embed_dim": 8, "num_heads": 2, "mlp_dim": 8},
    "transformer": {"num_layers": 1, "embed_dim": 8, "num_heads": 2, "mlp_dim": 8},
    "masked_language_model": {"num_layers": 1, "embed_dim": 8, "num_heads": 2, "mlp_dim": 8},
    "vit": {"num_layers": 1, "embed_dim": 8, "num_heads": 2, "mlp_dim": 8},
    "photo_perceptron": {"num_association": 50},
}


@pytest.fixture(scope="module")
def opened():
    """Name -> network with random weights, its task, and its signatures; made when asked for."""
    made = {}

    def get(name):
        if name not in made:
            keras.utils.set_random_seed(0)
            entry = NETWORKS[name]
            task = task_of(entry, load_data(entry.data))
            model = entry.build(**SMALL.get(name, {}))
            made[name] = model, task, make_signatures(model, task)
        return made[name]

    return get


def ask(signature, *inputs):
    return {name: tensor.numpy() for name, tensor in signature.function(*map(tf.constant, inputs)).items()}


@pytest.mark.parametrize("name", ["lenet5", "lenet5_1998", "vit"])
def test_saliency_is_what_the_winning_score_changes_by(name, opened):
    model, _, signatures = opened(name)
    # Noise: where an image is flat, the largest of four is all four, and has no derivative.
    image = np.random.default_rng(0).uniform(0, 255, (1, 28, 28, 1)).astype("float32")
    saliency = ask(signatures["explain"], image)["saliency"][0]
    scores = introspection.opened(model, introspection.score_tensors(model))
    winner = int(np.argmax(scores(image)["scores"]))
    for row, column in [(14, 14), (10, 17), (20, 9)]:
        step = np.zeros_like(image)
        step[0, row, column] = 0.1
        above, below = (scores(one)["scores"][0, winner].numpy() for one in (image + step, image - step))
        assert saliency[row, column] == pytest.approx(abs(above - below) / 0.2, rel=0.05, abs=3e-6)


def test_saliency_of_a_network_of_steps_is_that_of_its_sums(opened):
    model, _, signatures = opened("photo_perceptron")
    model.get_layer("fires").set_weights([np.linspace(-1, 1, 50)[:, None], np.zeros(1)])
    cards = np.zeros((2, 20, 20, 1), "float32")
    cards[0, 3:8, 3:8] = 255
    expected = (
        np.abs(model.get_layer("wiring").get_weights()[0] @ np.linspace(-1, 1, 50)).reshape(20, 20) / 255
    )
    for saliency in ask(signatures["explain"], cards)["saliency"]:
        np.testing.assert_allclose(saliency, expected, atol=1e-6)


def test_a_beginning_is_answered_as_if_it_were_all(opened):
    model, task, signatures = opened("simple_rnn")
    texts = ["Frankreich", "Peru"]
    found = ask(signatures["explain_text"], texts)
    plain = model.predict(task.data.test.inputs[:2] * 0 + 2, verbose=0)
    assert found["probabilities"].shape == plain.shape
    np.testing.assert_allclose(found["prefix_probabilities"][0, 9], found["probabilities"][0], atol=1e-6)
    np.testing.assert_allclose(found["prefix_probabilities"][1, 3], found["probabilities"][1], atol=1e-6)
    for length in (1, 4, 9):
        alone = ask(signatures["explain_text"], [texts[0][:length]])
        read = found["prefix_probabilities"][0, length - 1]
        np.testing.assert_allclose(read, alone["probabilities"][0], atol=1e-6)
    assert found["characters"].tolist()[1] == [b"P", b"e", b"r", b"u"] + [b""] * 6
    assert found["states"].shape == (2, 10, 12)
    assert found["label"].tolist() == [
        task.data.class_names[i].encode() for i in found["probabilities"].argmax(-1)
    ]


def test_forecasts_of_the_beginnings_of_a_series(opened):
    model, _, signatures = opened("simple_rnn_waves")
    series = np.random.default_rng(0).normal(size=(2, 8, 1)).astype("float32")
    found = ask(signatures["explain"], series)
    assert {name: array.shape for name, array in found.items()} == {
        "forecast": (2, 1),
        "states": (2, 8, 64),
        "states_1": (2, 8, 64),
        "prefix_forecasts": (2, 8),
    }
    for length in (1, 5, 8):
        alone = model.predict(series[:, :length], verbose=0)[:, 0]
        np.testing.assert_allclose(found["prefix_forecasts"][:, length - 1], alone, atol=1e-6)


def test_characters_are_those_that_were_typed(opened):
    _, _, signatures = opened("masked_language_model")
    found = ask(signatures["explain_text"], ["Жb中", "_a"])
    assert [[c.decode() for c in row] for row in found["characters"]] == [["Ж", "b", "中"], ["_", "a", ""]]
    assert found["attention"].shape == (2, 1, 2, 3, 3)
    assert (found["attention"][1, ..., 2:] == 0).all()
    assert found["text"][1].decode()[1:] == "a"


def test_a_language_model_reads_a_class_as_one_mark(opened):
    _, _, signatures = opened("gpt")
    found = ask(signatures["explain_text"], ["German: Fr", "Polish:"])
    assert found["characters"].tolist() == [[b"German:", b"F", b"r"], [b"Polish:", b"", b""]]
    assert found["attention"].shape == (2, 1, 2, 3, 3)
    assert (found["attention"][..., 0, 1:] == 0).all()  # nothing sees what follows it


def test_a_translation_is_looked_at_as_it_was_written(opened):
    _, task, signatures = opened("transformer")
    found = ask(signatures["explain_text"], ["12 mars 2020", "1.1.99"])
    steps = found["target_characters"].shape[1]
    assert found["cross_attention"].shape == (2, 1, 2, steps, 12)
    assert found["decoder_attention"].shape == (2, 1, 2, steps, steps)
    assert (found["cross_attention"][1, ..., 6:] == 0).all()
    assert [b"".join(row) for row in found["target_characters"]] == found["text"].tolist()
    # What was written is what the decoder finds likeliest after what it had written before.
    best = [["", "\ufffd", *task.data.target_alphabet, "", ""][i] for i in found["logits"][0].argmax(-1)]
    count = len(found["text"][0])
    assert "".join(best[:count]).encode() == found["text"][0]


def test_files_are_explained_as_their_pixels(opened):
    _, task, signatures = opened("lenet5")
    images = task.data.test.inputs[:2]
    pngs = [tf.io.encode_png(image).numpy() for image in images]
    plain, file = (
        ask(signatures["explain"], images.astype("float32")),
        ask(signatures["explain_image_bytes"], pngs),
    )
    np.testing.assert_array_equal(file.pop("image"), images)
    assert len(file.pop("label")) == 2
    assert plain.keys() == file.keys()
    assert {name: array.shape[1:] for name, array in plain.items()} == {
        "c1": (28, 28, 6),
        "s2": (14, 14, 6),
        "c3": (10, 10, 16),
        "s4": (5, 5, 16),
        "c5": (1, 1, 120),
        "f6": (84,),
        "saliency": (28, 28),
        "probabilities": (10,),
    }
    for name, array in plain.items():
        np.testing.assert_allclose(file[name], array, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("simple_rnn", "", "`text` must have at least one character"),
        ("simple_rnn", "a" * 257, "To be explained, a sequence must have at most 256 tokens. Received.*257"),
        ("gpt", "Klingon: a", "`text` must begin with one of"),
        ("gpt", "German: " + "W" * 64, "`text` must be shorter than 64 characters"),
        ("transformer", "1" * 129, "at most 128 tokens"),
        ("masked_language_model", "_" * 513, "at most 512 tokens"),
        ("masked_language_model", "abc", "`text` must have a gap to fill in, such as `_`.*Received.*abc"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_a_sentence(name, text, sentence, opened):
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){sentence}"):
        ask(opened(name)[2]["explain_text"], [text])


@pytest.mark.parametrize("name", ["lenet5", "simple_rnn", "transformer"])
def test_what_is_expected_is_seen_in_the_network_itself(name, opened):
    """The exporter compares with `expected`: it must not come out of the graph that is exported."""
    model, task, signatures = opened(name)
    asked = example_inputs(model, task, 16)
    plain = model.predict(asked if len(asked) > 1 else next(iter(asked.values())), verbose=0)
    expected = signatures["explain"].expected
    np.testing.assert_allclose(expected[model.output_names[0]], plain, atol=1e-6)
    explaining = {name for name in signatures if name.startswith("explain")}
    assert {name for name, signature in signatures.items() if signature.explains} == explaining
    answer = ask(signatures["explain"], *asked.values())
    assert answer.keys() == expected.keys()

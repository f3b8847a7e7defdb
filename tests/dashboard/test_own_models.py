"""The dashboard as a callback of a plain `fit`: what it shows of a model, and what it leaves out."""

import logging

import keras
import numpy as np
import pytest
from keras import layers

import keras_session5 as s5
from keras_session5.errors import ArgumentError

from .event_files import read, series, tags

RNG = np.random.default_rng(0)
IMAGES = RNG.random((48, 8, 8, 3)).astype("float32")
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 0.5).astype(int)


def classifier(activation="softmax"):
    image = keras.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, activation="relu", name="edges")(image)
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling2D()(x))
    outputs = layers.Dense(2, activation=activation, name="probabilities")(x)
    model = keras.Model(image, outputs, name="flowers")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=activation is None)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def regression():
    size, kind = keras.Input((3,), name="size"), keras.Input((), dtype="int32", name="kind")
    x = layers.Concatenate()([size, layers.Flatten()(layers.Embedding(4, 2, name="kinds")(kind))])
    model = keras.Model({"size": size, "kind": kind}, layers.Dense(1, name="price")(x))
    model.compile("adam", "mse")
    return model


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(3, activation="softmax")

    def call(self, x):
        return self.dense(layers.Flatten()(x))


def fit(model, x, y, dashboard, epochs=3, **settings):
    """Trains from a fixed seed."""
    keras.utils.set_random_seed(0)
    return model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, callbacks=[dashboard], **settings)


@pytest.fixture
def told(caplog):
    """What the dashboards warn of."""
    caplog.set_level(logging.WARNING, "keras_session5")
    return lambda: [message for message in caplog.messages if "dashboard" in message]


@pytest.mark.parametrize("activation", ["softmax", None])
def test_a_classifier_of_images_shows_everything(activation, tmp_path, told):
    model = classifier(activation)
    dashboard = s5.Dashboard(tmp_path / "flowers", (IMAGES, LABELS), class_names=["dark", "light"])
    history = fit(model, IMAGES, LABELS, dashboard, validation_split=0.25).history
    assert told() == []
    events, train = read(tmp_path / "flowers"), read(tmp_path / "flowers" / "train")
    expected = {"filters", "feature maps", "saliency", "confusion matrix", "worst mistakes"}
    assert tags(events, "images") == expected
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(list(series(train, f"epoch_{name}").values()), history[name], rtol=1e-6)
        found = series(read(tmp_path / "flowers" / "validation"), f"epoch_{name}")
        np.testing.assert_allclose(list(found.values()), history[f"val_{name}"], rtol=1e-6)
    assert {"learning_rate", "epoch_seconds", "gradient_norm"} <= tags(train, "scalars")
    histograms = tags(train, "histograms")
    assert {"weights/edges/kernel", "activations/edges", "gradients/probabilities/bias"} <= histograms
    assert {node.name for node in events.Graph().node} >= {"image", "edges", "probabilities"}
    assert "| parameters | 122 |" in series(events, "recipe")[0].item().decode()
    rows = (tmp_path / "flowers" / "projector_columns.tsv").read_text().splitlines()[1:]
    guesses = keras.ops.convert_to_numpy(model(IMAGES, training=False)).argmax(axis=1)
    assert [row.split("\t")[:2] for row in rows] == [
        [["dark", "light"][label], ["dark", "light"][guess]]
        for label, guess in zip(LABELS, guesses, strict=True)
    ]


def test_a_regression_with_two_inputs_shows_the_largest_errors(tmp_path, told):
    x = {"size": RNG.random((40, 3)), "kind": RNG.integers(0, 4, 40)}
    y = x["size"].sum(axis=1) + 0.5
    model = regression()
    fit(model, x, y, s5.Dashboard(tmp_path, examples=(x, y)))
    assert told() == []
    assert tags(read(tmp_path), "images") == {"worst mistakes"}
    assert {"activations/price", "gradients/kinds/embeddings"} <= tags(read(tmp_path / "train"), "histograms")
    points = np.loadtxt(tmp_path / "projector_points.tsv", delimiter="\t")
    np.testing.assert_allclose(points[:, :3], x["size"], atol=1e-5)


def test_of_a_subclassed_model_it_says_once_what_is_left_out(tmp_path, told):
    x, y = RNG.random((30, 4, 2)), RNG.integers(0, 3, 30)
    y = np.eye(3)[y]  # one-hot
    model = Subclassed()
    model.compile("adam", "categorical_crossentropy")
    fit(model, x, y, s5.Dashboard(tmp_path, examples=(x, y)))
    (sentence,) = told()
    assert "leaves out the graph, activations and pictures of layers: a subclassed model" in sentence
    assert tags(read(tmp_path), "images") == {"confusion matrix", "worst mistakes"}
    kinds = {tag.partition("/")[0] for tag in tags(read(tmp_path / "train"), "histograms")}
    assert kinds == {"weights", "gradients"}


def test_attention_of_different_shapes_and_a_binary_output_are_drawn(tmp_path, told):
    tokens = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 4)(tokens)
    x = layers.MultiHeadAttention(2, 2, name="one")(x, x)
    x = layers.MultiHeadAttention(1, 2, name="two")(x, x)
    model = keras.Model(tokens, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    x, y = RNG.integers(0, 10, (20, 6)), RNG.integers(0, 2, 20)
    fit(model, x, y, s5.Dashboard(tmp_path, (x, y)), epochs=1)
    assert told() == []
    assert tags(read(tmp_path), "images") == {"one", "two", "confusion matrix", "worst mistakes"}


def test_several_outputs_and_wrong_examples_end_no_training(tmp_path, told):
    x = keras.Input((2,))
    model = keras.Model(x, {"a": layers.Dense(1, name="a")(x), "b": layers.Dense(3, name="b")(x)})
    model.compile("adam", {"a": "mse", "b": "mse"})
    data = RNG.random((20, 2))
    y = {"a": data[:, :1], "b": RNG.random((20, 3))}
    history = fit(model, data, y, s5.Dashboard(tmp_path / "outputs", (data, y))).history
    (sentence,) = told()
    assert "leaves out predictions: The targets must be labels" in sentence
    assert "gradient_norm" in tags(read(tmp_path / "outputs" / "train"), "scalars")
    plain = keras.models.clone_model(model)
    wrong = s5.Dashboard(tmp_path / "wrong", (data[:, :1], data[:, 0]))
    plain.compile("adam", {"a": "mse", "b": "mse"})
    fit(plain, data, y, wrong)
    assert len(told()) == 3  # activations and gradients, predictions; and the sentence above
    assert list(series(read(tmp_path / "wrong" / "train"), "epoch_loss")) == [1, 2, 3]
    assert set(history) == {"loss", "a_loss", "b_loss"}


def test_training_is_the_same_with_and_without_to_the_last_bit(tmp_path):
    weights = []
    for callbacks in ([], [s5.Dashboard(tmp_path, (IMAGES, LABELS))]):
        keras.utils.set_random_seed(1)
        model = classifier()
        model.fit(IMAGES, LABELS, epochs=2, batch_size=16, verbose=0, callbacks=callbacks)
        weights.append([weight.tobytes() for weight in model.get_weights()])
    assert weights[0] == weights[1]


def test_without_examples_the_network_is_shown_and_a_second_training_replaces_the_first(tmp_path, told):
    model = keras.Sequential([layers.Dense(2, name="only")])
    model.compile("sgd", "mse")
    dashboard, (x, y) = s5.Dashboard(str(tmp_path)), RNG.random((2, 20, 2))
    fit(model, x, y, dashboard, epochs=3)
    fit(model, x, y, dashboard, epochs=2)
    assert told() == []
    train = read(tmp_path / "train")
    assert list(series(train, "epoch_loss")) == [1, 2]
    kinds = {tag.partition("/")[0] for tag in tags(train, "histograms")}
    assert kinds == {"weights"}
    assert tags(read(tmp_path), "images") == set()
    assert "only" in {node.name for node in read(tmp_path).Graph().node}
    fit(model, x, y, s5.Dashboard(tmp_path), epochs=4, initial_epoch=2)
    assert list(series(read(tmp_path / "train"), "epoch_loss")) == [1, 2, 3, 4]


def test_a_training_that_stops_early_shows_its_last_epoch(tmp_path):
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)
    model = classifier()
    model.fit(
        IMAGES, LABELS, epochs=50, verbose=0, callbacks=[s5.Dashboard(tmp_path, (IMAGES, LABELS)), stop]
    )
    (last,) = series(read(tmp_path), "worst mistakes")
    assert last == len(model.history.history["loss"]) < 50


def test_names_of_another_number_of_classes_are_told_once_and_replaced(tmp_path, told):
    dashboard = s5.Dashboard(tmp_path, (IMAGES, LABELS), class_names=["dark"])
    fit(classifier("softmax"), IMAGES, LABELS, dashboard)
    (warning,) = told()
    assert "`class_names` must have a name for each of 2 outputs. Received: 1 names" in warning
    assert "confusion matrix" in tags(read(tmp_path), "images")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"examples": IMAGES}, "`examples` must be inputs and targets, such as"),
        ({"examples": (IMAGES, LABELS[:3])}, "`examples` must have the same number of rows"),
        ({"examples": (IMAGES[:0], LABELS[:0])}, "`examples` must have the same number of rows"),
        ({"examples": (IMAGES, 3)}, "`examples` must be arrays"),
        ({"examples": (IMAGES, LABELS), "class_names": "ab"}, "`class_names` must be a list of texts"),
    ],
)
def test_wrong_arguments_are_refused_at_once(settings, sentence, tmp_path):
    with pytest.raises(ArgumentError, match=sentence):
        s5.Dashboard(tmp_path, **settings)
    assert not list(tmp_path.iterdir())


def test_a_backend_without_gradients_here_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ArgumentError, match="needs Keras's backend to be one of tensorflow, jax"):
        s5.Dashboard(tmp_path)

"""Models that are not the catalogue's: exported, served and explained as its networks are."""

import hashlib
import io
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

import keras_session5 as s5
from keras_session5 import introspection
from keras_session5.errors import ArgumentError, ExportError
from keras_session5.exporting import load_signatures

RNG = np.random.default_rng(0)
TEXTS = ["a red rose", "a daisy", "two tulips", "rose", "a red daisy", "red", "two", "a a a"] * 2


@keras.saving.register_keras_serializable("tests")
class Scaled(keras.Model):
    """A subclassed model with two arguments, the second of which are ids, and a dictionary of outputs."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.embedding = layers.Dense(2), layers.Embedding(7, 2)

    def call(self, values, ids):
        return {"scaled": self.dense(values) * self.embedding(ids), "parts": [values, ids]}


@keras.saving.register_keras_serializable("tests")
class Plain(keras.Model):
    """A subclassed model with one input and one output."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)

    def call(self, values):
        return self.dense(values)


def pair():
    """Two inputs, two outputs."""
    left, right = keras.Input((3,), name="left"), keras.Input((2,), name="right")
    both = layers.Concatenate()([left, right])
    outputs = [layers.Dense(2, name="sums")(both), layers.Dense(1, activation="sigmoid", name="chance")(both)]
    return keras.Model([left, right], outputs)


def named():
    """A dictionary of inputs, one of which has any length, and outputs that are nested."""
    inputs = {"values": keras.Input((3,), name="values"), "series": keras.Input((None, 2), name="series")}
    last, hidden, cell = layers.LSTM(2, return_state=True, name="lstm")(inputs["series"])
    outputs = {"dense": layers.Dense(2)(inputs["values"]), "states": [last, hidden, cell]}
    return keras.Model(inputs, outputs)


def texts():
    vectorize = layers.TextVectorization(max_tokens=9, output_sequence_length=4)
    vectorize.adapt(["a red rose", "a daisy", "two tulips"])
    text = keras.Input((1,), dtype="string", name="text")
    x = layers.GlobalAveragePooling1D()(layers.Embedding(9, 3)(vectorize(text)))
    return keras.Model(text, layers.Dense(2, activation="softmax", name="probabilities")(x))


def looked_up():
    word = keras.Input((), dtype="string", name="word")
    return keras.Model(word, layers.StringLookup(vocabulary=["rose", "daisy"], name="id")(word))


def recurrent():
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32", name="tokens"),
            layers.Embedding(9, 3, mask_zero=True),
            layers.GRU(4, return_sequences=True),
            layers.LSTM(3, name="last"),
        ]
    )


def attending():
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.Embedding(9, 4)(tokens)
    x, _ = layers.MultiHeadAttention(2, 2, name="attention")(x, x, return_attention_scores=True)
    return keras.Model(tokens, layers.Dense(3, name="tags")(x))


def pictures():
    image = keras.Input((8, 6, 3), name="image")
    x = layers.Conv2D(4, 3, activation="relu", name="edges")(image)
    x = layers.Conv2D(3, 3, name="parts")(x)
    x = layers.Dense(2, name="scores")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Softmax(name="probabilities")(x))


def called_before():
    """A sequential model without an input layer, whose input Keras gets to know when it is called."""
    model = keras.Sequential([layers.Dense(3, name="dense")])
    model(np.zeros((4, 5)))
    return model


def scaled():
    model = Scaled()
    model(np.zeros((4, 3)), np.zeros(4, int))
    return model


def plain():
    model = Plain()
    model(keras.Input((None, 3)))  # of any length
    return model


def ids(*shape):
    return RNG.integers(1, 7, shape).astype("int32")


# name -> builder, examples, further arguments
MODELS = {
    "pair": (
        pair,
        {"left": RNG.random((20, 3)), "right": RNG.random((20, 2))},
        {"signatures": ["explain"], "class_names": ["no", "yes"]},
    ),
    "named": (named, {"values": RNG.random((20, 3)), "series": RNG.random((20, 5, 2))}, {}),
    "texts": (texts, TEXTS, {"signatures": ["explain"], "class_names": ["flower", "other"]}),
    "looked_up": (looked_up, np.array(["rose", "daisy", "tulip", ""] * 2), {}),
    "recurrent": (recurrent, ids(20, 5), {"signatures": ["explain"]}),
    "attending": (attending, ids(20, 5), {"signatures": ["explain"]}),
    "pictures": (
        pictures,
        RNG.random((20, 8, 6, 3)),
        {"signatures": ["image_bytes", "explain"], "class_names": ["daisy", "rose"]},
    ),
    "called_before": (called_before, RNG.random((20, 5)), {}),
    "scaled": (scaled, {"values": RNG.random((20, 3)), "ids": ids(20)}, {}),
    "plain": (plain, RNG.random((20, 4, 3)), {}),
}


@pytest.fixture(scope="module")
def models():
    keras.utils.set_random_seed(0)
    return {name: build() for name, (build, _, _) in MODELS.items()}


@pytest.fixture(scope="module")
def folder(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    for name, (_, examples, arguments) in MODELS.items():
        s5.export(models[name], folder, name=name, examples=examples, **arguments)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with s5.serve({path.name: path for path in folder.iterdir()}) as server:
        yield server


@pytest.fixture(params=["rest_address", "grpc_address"])
def client(server, request):
    with s5.connect(getattr(server, request.param)) as client:
        yield client


def record_of(version):
    return json.loads((version / "assets.extra" / "model.json").read_text())


def arrays_of(name):
    examples = MODELS[name][1]
    inputs = {"texts": "text", "looked_up": "word", "pictures": "image", "plain": "values"}
    inputs |= {"recurrent": "tokens", "attending": "tokens"}
    if isinstance(examples, dict):
        return examples
    return {inputs[name]: np.reshape(examples, (-1, 1)) if name == "texts" else examples}


def expect(model, name, rows):
    """The outputs of the Keras model itself, by the names that they should have."""
    arrays = {key: array[:rows] for key, array in arrays_of(name).items()}
    inputs = {
        key: tf.constant(array, None if array.dtype.kind in "iU" else "float32")
        for key, array in arrays.items()
    }
    match name, list(inputs.values()):
        case "pair", both:
            return dict(zip(("sums", "chance"), model(both), strict=True))
        case "named", _:
            found = model(inputs)
            return {"dense": found["dense"]} | {f"states_{i}": x for i, x in enumerate(found["states"], 1)}
        case "scaled", (values, tokens):
            found = model(values, tokens)
            return {"scaled": found["scaled"], "parts_1": values, "parts_2": tokens}
        case _, [x]:
            names = {"looked_up": "id", "recurrent": "last", "attending": "tags", "plain": "output"}
            return {names.get(name, "probabilities"): model(x)}


@pytest.mark.parametrize("name", [name for name in MODELS if name != "called_before"])
@pytest.mark.parametrize("rows", [1, 7])
def test_a_server_answers_as_the_model_does(name, rows, models, client):
    expected = expect(models[name], name, rows)
    answer = client.predict(name, {key: array[:rows] for key, array in arrays_of(name).items()})
    assert answer.keys() == expected.keys()
    for key, output in expected.items():
        np.testing.assert_allclose(answer[key], np.asarray(output), atol=1e-5)


def test_inputs_of_any_length_are_answered_at_any_length(models, client):
    for length in (1, 11):
        tokens = ids(2, length)
        np.testing.assert_allclose(
            client.predict("recurrent", {"tokens": tokens})["last"], models["recurrent"](tokens), atol=1e-5
        )
        values = RNG.random((2, length, 3)).astype("float32")
        answer = client.predict("plain", {"values": values})
        np.testing.assert_allclose(answer["output"], models["plain"](values), atol=1e-5)


def test_a_model_that_was_only_called_takes_batches_of_any_size(models, folder):
    values = MODELS["called_before"][1].astype("float32")
    call = load_signatures(folder / "called_before" / "1")["serving_default"]
    (name,) = (
        tf.saved_model.load(folder / "called_before" / "1")
        .signatures["serving_default"]
        .structured_input_signature[1]
    )
    np.testing.assert_allclose(call({name: values})["dense"], models["called_before"](values), atol=1e-5)


def test_states_attention_and_sums_are_those_of_the_layers(models, client):
    tokens = ids(2, 5)
    found = client.predict("recurrent", {"tokens": tokens}, signature_name="explain")
    assert found.keys() == {"states", "states_1", "last"}
    hidden = models["recurrent"].layers[1](models["recurrent"].layers[0](tokens))
    np.testing.assert_allclose(found["states_1"], hidden, atol=1e-5)
    np.testing.assert_allclose(found["states"][:, -1], found["last"], atol=1e-5)
    found = client.predict("attending", {"tokens": tokens}, signature_name="explain")
    assert found["attention"].shape == (2, 1, 2, 5, 5)
    np.testing.assert_allclose(found["attention"].sum(axis=-1), 1, atol=1e-5)
    inputs = {"left": np.ones((1, 3)), "right": np.ones((1, 2))}
    found = client.predict("pair", inputs, signature_name="explain")
    np.testing.assert_allclose(1 / (1 + np.exp(-found["chance_sum"])), found["chance"], atol=1e-5)


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_files_are_answered_as_their_pixels_divided_by_255(models, client):
    image = RNG.integers(0, 256, (8, 6, 3)).astype("uint8")
    expected = models["pictures"](image[None] / np.float32(255)).numpy()
    answer = client.predict("pictures", {"image_bytes": [png(image)]}, signature_name="from_image_bytes")
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)
    assert answer["label"].tolist() == [["daisy", "rose"][expected.argmax()]]
    found = client.predict("pictures", {"image_bytes": [png(image)]}, signature_name="explain_image_bytes")
    assert {name: array.shape[1:] for name, array in found.items()} == {
        "edges": (6, 4, 4),
        "parts": (4, 2, 3),
        "saliency": (8, 6),
        "image": (8, 6, 3),
        "probabilities": (2,),
        "label": (),
    }
    np.testing.assert_allclose(found["image"][0] * 255, image, atol=1e-4)
    # The scores are a linear function of a small enough change of one pixel.
    scores = keras.Model(models["pictures"].input, models["pictures"].get_layer("scores").output)
    pixels = np.repeat(image[None] / np.float32(255), 4, axis=0)
    pixels[1:, 3, 2] += np.eye(3, dtype="float32") * 1e-2
    change = (scores(pixels)[1:] - scores(pixels)[:1]).numpy()[:, expected.argmax()]
    assert found["saliency"][0, 3, 2] == pytest.approx(np.abs(change).max() / 1e-2, rel=0.2, abs=1e-3)


def test_files_of_any_size_and_colour_are_resized(client):
    grey, large = np.full((40, 30), 100, "uint8"), np.full((16, 12, 4), 100, "uint8")
    files = [png(grey), png(large), png(np.full((8, 6, 3), 100, "uint8"))]
    found = client.predict("pictures", {"image_bytes": files}, signature_name="from_image_bytes")
    np.testing.assert_allclose(found["probabilities"], found["probabilities"][[2, 2, 2]], atol=1e-5)


def test_the_record_tells_what_was_exported(folder):
    record = record_of(folder / "pictures" / "1")
    assert (record["name"], record["examples"], record["pixels"]) == ("pictures", "given", "0..1")
    assert record["versions"]["keras"] == keras.__version__
    names = ["serving_default", "from_image_bytes", "explain", "explain_image_bytes"]
    assert record["rows_independent"] == dict.fromkeys(names, True)
    assert (folder / "pictures" / "1" / "assets.extra" / "labels.txt").read_text() == "daisy\nrose\n"
    assert record_of(folder / "looked_up" / "1")["rows_independent"] == {"serving_default": True}


def test_the_record_has_the_hash_of_every_other_file(folder):
    version = folder / "texts" / "1"
    files = [path for path in version.rglob("*") if path.is_file() and path.name != "model.json"]
    hashes = {str(path.relative_to(version)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert record_of(version)["files"] == hashes
    assert "saved_model.pb" in hashes


@pytest.mark.parametrize("name", ["named", "texts", "recurrent", "pictures", "plain"])
def test_examples_are_generated_if_none_are_given(name, models, tmp_path):
    version = s5.export(models[name], tmp_path, name=name)
    record = record_of(version)
    assert record["examples"] == "generated"
    assert record["rows_independent"] == {"serving_default": True}


def test_an_output_called_scores_is_explained_beside_its_saliency(models, tmp_path):
    pictures = models["pictures"]
    scores = layers.Dense(2, activation="softmax", name="scores")(pictures.get_layer("scores").input)
    model = keras.Model(pictures.input, {"scores": scores})
    version = s5.export(model, tmp_path, name="own", signatures=["explain"])
    images = np.random.default_rng(0).random((2, *model.input.shape[1:]), "float32")
    found = tf.saved_model.load(str(version)).signatures["explain"](tf.constant(images))
    np.testing.assert_allclose(found["scores"], model(images)["scores"], atol=1e-6)
    np.testing.assert_allclose(found["saliency"], introspection.saliency(model, images), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "taken", "signatures", "class_names"),
    [
        ("pictures", "saliency", ["explain"], ()),
        ("pictures", "image", ["image_bytes", "explain"], ()),
        ("pictures", "label", ["image_bytes"], ("no", "yes")),
        ("recurrent", "states", ["explain"], ()),
    ],
)
def test_an_output_called_like_an_added_one_is_refused(
    name, taken, signatures, class_names, models, tmp_path
):
    model = keras.Model(models[name].inputs, {taken: models[name].outputs[0]})
    with pytest.raises(ArgumentError, match=f"must not have an output called '{taken}'"):
        s5.export(model, tmp_path, name="own", signatures=signatures, class_names=class_names)
    assert list(tmp_path.iterdir()) == []
    # Nothing is added to `serving_default`.
    assert s5.export(model, tmp_path, name="own").is_dir()


def test_the_pixels_of_whole_numbers_are_from_0_to_255(models, tmp_path):
    images = RNG.integers(0, 256, (8, 8, 6, 3))
    version = s5.export(models["pictures"], tmp_path, name="p", examples=images, signatures=["image_bytes"])
    assert record_of(version)["pixels"] == "0..255"
    answer = load_signatures(version)["from_image_bytes"]({"image_bytes": [png(images[0].astype("uint8"))]})
    expected = models["pictures"](images[:1].astype("float32"))
    np.testing.assert_allclose(answer["probabilities"], expected, atol=1e-5)


def test_a_file_is_exported_under_its_name(models, tmp_path):
    for name in ("pair", "plain"):
        file = tmp_path / f"{name}.keras"
        models[name].save(file)
        assert s5.export(file, tmp_path / "models") == tmp_path / "models" / name / "1"
    assert s5.export(str(file), tmp_path / "models", name="other").parent.name == "other"


def test_a_lambda_in_a_file_is_refused_with_the_way_out(tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Lambda(lambda x: 2 * x)], name="doubled")
    model.save(tmp_path / "doubled.keras")
    with pytest.raises(ArgumentError, match=r"no `Lambda` layer.*register_keras_serializable, or pass"):
        s5.export(tmp_path / "doubled.keras", tmp_path)
    assert s5.export(model, tmp_path).parent.name == "doubled"


def test_another_backend_is_told_to_export_a_file(models, tmp_path, monkeypatch):
    models["pair"].save(tmp_path / "pair.keras")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ExportError, match=r"Save the model as a file.* session5 export MODEL\.keras"):
        s5.export(models["pair"], tmp_path)
    with pytest.raises(ExportError, match=r"KERAS_BACKEND=tensorflow session5 export .*/pair\.keras"):
        s5.export(tmp_path / "pair.keras", tmp_path)


class Unbuilt(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("pair", {"name": "a/b"}, "`name` must begin with a letter or digit .* Received: name='a/b'"),
        ("pair", {"examples": np.ones((3, 3))}, "must be a dict with the inputs left, right"),
        ("pair", {"examples": {"left": np.ones((3, 3))}}, "must have the inputs left, right. Received: left"),
        (
            "pair",
            {"examples": {"left": np.ones((3, 3)), "right": np.ones((2, 2))}},
            "the same number of rows",
        ),
        ("pictures", {"examples": np.ones((3, 8, 8, 3))}, "must fit the input image, float32"),
        ("pictures", {"examples": ["a"]}, "must fit the input image, float32"),
        ("pictures", {"examples": [[1], [1, 2]]}, "`examples` must be arrays"),
        ("pictures", {"class_names": ["a", "b", "c"]}, r"3 names, outputs probabilities \(None, 2\)"),
        ("pictures", {"class_names": ["a\nb", "c"]}, "texts of one line each"),
        ("pictures", {"signatures": ["text"]}, "must be of image_bytes, explain. Received: 'text'"),
        ("pair", {"signatures": ["image_bytes"]}, "one input .B, height, width, 1 or 3. of fixed size"),
        ("plain", {"signatures": ["explain"]}, "A subclassed model is one closed layer"),
        ("looked_up", {"signatures": ["explain"]}, "must leave out 'explain'"),
        (
            "pictures",
            {"signatures": ["image_bytes"], "examples": np.full((3, 8, 6, 3), -1.0)},
            "pixels from 0 to 255 or from 0 to 1",
        ),
        ("scaled", {}, "`examples` must be inputs that .* accepts. Received: missing a required argument"),
        ("lenet5", {"examples": np.ones(3)}, "`examples` must be left out for a network of the catalogue"),
        ("unbuilt", {}, "`network` must be a model that is built"),
        ("number", {}, "`network` must be the name of a network.* Received: int"),
        ("nothing.keras", {}, "must be a .keras file that Keras can load"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(name, arguments, sentence, models, tmp_path):
    others = {"unbuilt": Unbuilt(), "number": 3, "lenet5": "lenet5", "nothing.keras": Path("nothing.keras")}
    with pytest.raises(ArgumentError, match=sentence):
        s5.export(models.get(name) or others[name], tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_models_in_memory_are_served_as_long_as_the_server_runs(models, folder):
    served = {"pair": models["pair"], "texts": str(folder / "texts")}
    with s5.serve(served) as server, s5.connect(server.rest_address) as client:
        temporary = {one.name: Path(one.base_path) for one in server.models()}["pair"]
        assert record_of(temporary / "1")["examples"] == "generated"
        answer = client.predict("pair", {"left": np.ones((2, 3)), "right": np.ones((2, 2))})
        expected = models["pair"]([np.ones((2, 3), "float32"), np.ones((2, 2), "float32")])[0]
        np.testing.assert_allclose(answer["sums"], expected, atol=1e-5)
        assert client.predict("texts", {"text": [["a rose"]]})["probabilities"].shape == (1, 2)
    assert not temporary.exists()
    assert (folder / "texts" / "1").exists()


def test_a_single_model_is_served_under_its_name(models):
    with s5.serve(models["called_before"]) as server:
        (served,) = server.models()
        assert served.name == models["called_before"].name


def test_a_server_that_does_not_start_leaves_no_folder(models, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(s5.errors.UnavailableError):
        s5.serve({"pair": models["pair"], "nothing": tmp_path / "nothing"}, timeout_s=3)
    assert not list(tmp_path.iterdir())

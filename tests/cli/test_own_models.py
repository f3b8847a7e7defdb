"""A `.keras` file on the command line: exported, served, asked and explained."""

import json

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

import keras_session5 as s5

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """`flowers` looks at pictures, `moods` reads a text and a series of any length."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("files")
    image = keras.Input((8, 6, 1), name="image")
    x = layers.MaxPooling2D(2)(layers.Conv2D(3, 3, activation="relu", name="edges")(image))
    x = layers.Dense(2, activation="softmax", name="flower")(layers.Flatten()(x))
    keras.Model(image, x).save(folder / "flowers.keras")

    text, series = keras.Input((), dtype="string", name="text"), keras.Input((None, 2), name="series")
    words = layers.TextVectorization(output_sequence_length=3, vocabulary=["good", "bad", "day"])(text)
    read = layers.GlobalAveragePooling1D()(layers.Embedding(5, 2)(words))
    both = layers.Concatenate()([read, layers.GRU(2, name="gru")(series)])
    outputs = {"mood": layers.Dense(3, name="mood")(both), "energy": layers.Dense(1, name="energy")(both)}
    keras.Model({"text": text, "series": series}, outputs).save(folder / "moods.keras")

    np.savez(folder / "images.npz", RNG.integers(0, 256, (16, 8, 6, 1)).astype("uint8"))
    np.savez(folder / "moods.npz", text=np.array(["good day", "bad day"] * 8), series=RNG.random((16, 4, 2)))
    (folder / "labels.txt").write_text("daisy\nrose\n")
    Image.fromarray(RNG.integers(0, 256, (16, 12)).astype("uint8")).save(folder / "flower.png")
    return folder


def test_files_are_exported_served_asked_and_explained(files, here, tmp_path):
    export = ["export", files / "flowers.keras", "--examples", files / "images.npz", "--labels"]
    export += [files / "labels.txt", "--signature", "image_bytes", "--signature", "explain"]
    done = here(*export)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "flowers version 1: saved_models/flowers/1\nNext: session5 serve\n"
    export = ["export", files / "moods.keras", "--name", "weather", "--examples", files / "moods.npz"]
    done = here(*export, "--signature", "explain", "--json")
    assert json.loads(done.stdout) == {"name": "weather", "version": 1, "path": "saved_models/weather/1"}

    models = {name: tmp_path / "saved_models" / name for name in ("flowers", "weather")}
    with s5.serve(models) as server:
        where = ["--server", server.rest_address]
        listed = json.loads(here("models", *where, "--json").stdout)["models"]
        assert [(one["name"], one["state"]) for one in listed] == [
            ("flowers", "AVAILABLE"),
            ("weather", "AVAILABLE"),
        ]
        _ask_flowers(here, files, where)
        _ask_weather(here, files, ["--server", server.grpc_address])


def _ask_flowers(here, files, where):
    told = here("query", "flowers", "--image", files / "flower.png", *where).stdout.splitlines()
    label = told[0].removeprefix("label: ")
    assert label in ("daisy", "rose")
    assert told[1].endswith(f"  {label}")
    told = here("explain", "flowers", "--image", files / "flower.png", *where)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"label: {label}\n  ")
    assert "most salient pixels" in told.stdout
    assert "edges 6 x 4 x 3: from 0.000" in told.stdout
    assert told.stdout.endswith("Picture: flowers-explained.png\n")


def _ask_weather(here, files, where):
    inputs = {"text": ["good day"], "series": RNG.random((1, 5, 2)).round(3).tolist()}
    model = keras.saving.load_model(files / "moods.keras")
    tensors = {name: keras.ops.convert_to_tensor(value) for name, value in inputs.items()}
    expected = {name: np.asarray(value) for name, value in model(tensors).items()}
    raw = json.loads(here("query", "weather", "--json", json.dumps(inputs), "--raw", *where).stdout)
    assert raw.keys() == {"mood", "energy"}
    for name, value in raw.items():
        np.testing.assert_allclose(value, expected[name], atol=1e-5)
    told = here("explain", "weather", "--json", json.dumps(inputs), *where)
    assert told.returncode == 0, told.stderr
    energy = f"energy: {expected['energy'][0, 0]:.4f}\n"
    assert told.stdout.startswith(energy)
    assert "states: 5 x 2: from" in told.stdout
    assert told.stdout.endswith("Picture: weather-explained.png\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["FILES/flowers.keras", "--examples", "FILES/labels.txt"], "must be an .npz or .npy file"),
        (["FILES/flowers.keras", "--labels", "FILES/none.txt"], "must be a text file"),
        (["FILES/flowers.keras", "--signature", "sound"], "must be of image_bytes, explain"),
        (
            ["FILES/flowers.keras", "--run", "runs/lenet5/1"],
            "`--run` must be omitted for a model of your own",
        ),
        (["FILES/none.keras"], "must be a .keras file that Keras can load"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(arguments, sentence, files, here):
    done = here("export", *[argument.replace("FILES", str(files)) for argument in arguments])
    assert done.returncode == 2, done.stdout
    assert sentence in done.stderr

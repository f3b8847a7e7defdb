"""Networks that join the catalogue from outside: for a process, or by the entry point of another package."""

import json
import os
import subprocess
import sys

import keras
import pytest

import keras_session5 as s5
from keras_session5 import catalog
from keras_session5.errors import ArgumentError
from keras_session5.training import load_result


def build_linear(num_classes, image_size=28):
    inputs = keras.Input((image_size, image_size, 1), name="image")
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    outputs = keras.layers.Dense(num_classes, activation="softmax", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="linear")


LINEAR = s5.Network(
    name="linear",
    title="Multinomial logistic regression",
    year=1958,
    builder=build_linear,
    modality="image",
    data="digits",
    arguments={"num_classes": 10},
    inputs={"image": s5.Tensor("float32", (None, 28, 28, 1))},
    outputs={"probabilities": s5.Tensor("float32", (None, 10))},
    parameters=7_850,
    recipe=s5.Recipe(learning_rate=3e-3, epochs=3),
    min_accuracy=0.8,
    paper="Cox 1958, The Regression Analysis of Binary Sequences",
    slide="Classical methods",
)


@pytest.fixture
def registered():
    yield s5.register(LINEAR)
    del catalog._networks["linear"]


@pytest.mark.slow
def test_a_registered_network_is_trained_found_and_exported_by_its_name(registered, tmp_path):
    assert s5.build("linear").count_params() == registered.parameters
    result = s5.train("linear", runs_dir=tmp_path, verbose=0)
    assert result.metrics["accuracy"] >= registered.min_accuracy
    assert load_result("linear", runs_dir=tmp_path).metrics == result.metrics
    images = s5.load_data("digits").test.inputs[:4].astype("float32")
    folder = s5.export(result, tmp_path).parent
    with s5.serve({"linear": folder}) as server, s5.connect(server.grpc_address) as client:
        found = client.predict("linear", {"image": images})
    assert found["probabilities"].shape == (4, 10)


def test_a_name_that_is_taken_and_something_else_than_a_network_are_refused(registered):
    assert s5.register(LINEAR) is LINEAR  # again, as when a module is run twice
    with pytest.raises(ArgumentError, match="`entry` must have a name of its own: lenet5 is another"):
        s5.register(s5.Network(**{**vars(LINEAR), "name": "lenet5"}))
    with pytest.raises(ArgumentError, match="`entry` must be a keras_session5"):
        s5.register("linear")


PACKAGE = """
from keras_session5 import Network, Tensor

def build(size=2):
    import keras
    inputs = keras.Input((size,), name="x")
    return keras.Model(inputs, keras.layers.Dense(1, name="y")(inputs))

MINE = Network(
    name="mine", title="Mine", year=2026, builder="their.networks:build", parameters=3, paper="-", slide="-",
    inputs={"x": Tensor("float32", (None, 2))}, outputs={"y": Tensor("float32", (None, 1))},
    untrained="It only shows that it is found.",
)
"""


def test_the_networks_of_other_packages_are_there_and_a_broken_one_hides_no_other(tmp_path):
    (tmp_path / "their").mkdir()
    (tmp_path / "their" / "__init__.py").touch()
    (tmp_path / "their" / "networks.py").write_text(PACKAGE)
    for name, value in (("their", "their.networks:MINE"), ("broken", "their.missing:MINE")):
        about = tmp_path / f"{name}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[keras_session5.networks]\n{name} = {value}\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    code = "import keras_session5 as s5; print(s5.build('mine').count_params())"
    listed = subprocess.run(
        [sys.executable, "-m", "keras_session5", "list", "--json"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "mine" in [network["name"] for network in json.loads(listed.stdout)["networks"]]
    assert "their.missing:MINE were left out: No module named 'their.missing'" in listed.stderr
    built = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert built.stdout == "3\n"

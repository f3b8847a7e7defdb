"""Models that are not the catalogue's, and damaged ones: what the verbs list and what they advise."""

import json
from pathlib import Path

import pytest
import tensorflow as tf
from typer.testing import CliRunner

from keras_session5.cli import app, explain as explain_verb
from keras_session5.cli.serve import _advise
from keras_session5.errors import ArgumentError, Session5Error
from keras_session5.server.config import ModelConfig
from keras_session5.server.server import Server
from keras_session5.server.settings import Settings

REMOVE_OR_REPLACE = "or replace it with a complete SavedModel."
REMOVE_OR_EXPORT = "`session5 export perceptron` writes a new version from the newest run."


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """`iris` and `rose`, which are anybody's; `tulip` and `perceptron`, damaged; `mlp` without a version."""
    folder, module = tmp_path_factory.mktemp("models"), tf.Module()
    module.add = tf.function(lambda flower: {"sum": tf.reduce_sum(flower, -1)})
    add = module.add.get_concrete_function(tf.TensorSpec([None, 2], tf.float32, "flower"))
    tf.saved_model.save(module, folder / "iris" / "1", {"serving_default": add})
    tf.saved_model.save(module, folder / "rose" / "1", {"explain": add})
    for name in ("tulip", "perceptron"):
        (folder / name / "1").mkdir(parents=True)
        (folder / name / "1" / "saved_model.pb").write_bytes(b"no protocol buffer")
    (folder / "mlp").mkdir()
    return folder


@pytest.fixture(scope="module")
def server(models):
    settings = Settings(grpc_port=0, rest_port=0, max_num_load_retries=0)
    configs = [ModelConfig(path.name, str(path)) for path in sorted(models.iterdir())]
    with Server(configs, settings).start() as server:
        server.wait_for_models(30, require_all=False)
        yield server


def session5(*arguments):
    found = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if isinstance(found.exception, Session5Error):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def test_models_lists_all_that_the_server_is_configured_with(server):
    shown = json.loads(session5("models", "--server", server.rest_address, "--json").stdout)["models"]
    assert [(one["name"], one["version"], one["state"]) for one in shown] == [
        ("iris", 1, "AVAILABLE"),
        ("perceptron", 1, "END"),
        ("rose", 1, "AVAILABLE"),
        ("tulip", 1, "END"),
        ("mlp", None, "MISSING"),
    ]
    assert "as binary proto" in shown[1]["error"]


def test_over_grpc_models_looks_for_the_catalogues_names_and_says_so(server):
    found = session5("models", "--server", server.grpc_address, "--json")
    assert "http://HOST:PORT, or name the models. Trying the catalogue's names." in found.stderr
    assert [one["name"] for one in json.loads(found.stdout)["models"]] == ["perceptron"]
    named = session5("models", "iris", "--server", server.grpc_address, "--json")
    assert json.loads(named.stdout)["models"][0]["state"] == "AVAILABLE"


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["explain", "iris"], ["has no signature `explain`", "`session5 query iris` needs none"]),
        (["query", "iris", "--signature", "from_text"], ["no signature `from_text`, only serving_default"]),
        (["query", "tulip"], ["Version 1 of tulip could not be loaded: Can't parse", REMOVE_OR_REPLACE]),
        (["explain", "tulip"], ["Remove the folder of version 1", REMOVE_OR_REPLACE]),
        (["query", "perceptron", "--version", "1"], ["could not be loaded: Can't parse", REMOVE_OR_EXPORT]),
        (["explain", "perceptron"], ["Remove the folder of version 1", REMOVE_OR_EXPORT]),
        (["query", "iris", "--version", "7"], ["Available of iris: version 1."]),
        (["query", "daisy"], ["`session5 models` shows what is served."]),
        (["query", "lenet5"], ["`session5 run lenet5` trains and exports it."]),
    ],
)
@pytest.mark.parametrize("address", ["rest_address", "grpc_address"])
def test_the_advice_is_right_for_the_model(arguments, sentences, address, server):
    with pytest.raises(Session5Error) as caught:
        session5(*arguments, "--json", '{"flower": [[1, 2]]}', "--server", getattr(server, address))
    for sentence in sentences:
        assert sentence in caught.value.sentence
    for other in ("iris", "tulip", "daisy"):
        assert f"session5 export {other}" not in caught.value.sentence
        assert f"session5 run {other}" not in caught.value.sentence


def test_an_explanation_of_somebody_elses_is_printed_without_a_picture(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = session5("explain", "rose", "--json", "[[1, 2]]", "--server", server.rest_address)
    assert found.stdout == "sum: 3.0000\n"
    assert "No picture: rose has no outputs that can be drawn, only sum." in found.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("tulip", rf"Can't parse .*Remove .*tulip/1, {REMOVE_OR_REPLACE}"),
        ("perceptron", rf"Can't parse .*Remove .*perceptron/1; {REMOVE_OR_EXPORT}"),
        ("mlp", r"has no exported version to serve. `session5 run mlp`"),
        ("irys", r"must be a network of the catalogue or a model in .*Did you mean iris\?"),
    ],
)
def test_a_server_of_its_own_gives_the_same_advice(name, sentence, models, monkeypatch):
    monkeypatch.setattr(explain_verb, "SERVER", "http://127.0.0.1:9")
    monkeypatch.setattr("keras_session5.server.__main__.hide_training", lambda: None)
    with pytest.raises(Session5Error, match=sentence) as caught:
        session5("explain", name, "--json", "[[1, 2]]", "--models", models)
    assert (name == "irys") == isinstance(caught.value, ArgumentError)


def test_serve_says_of_each_model_that_is_not_served_what_to_do(server, models, capsys):
    _advise(server)
    assert capsys.readouterr().err.splitlines() == [
        "mlp: `session5 run mlp` trains and exports it.",
        f"perceptron: Remove {Path(models, 'perceptron', '1')}; {REMOVE_OR_EXPORT}",
        f"tulip: Remove {Path(models, 'tulip', '1')}, {REMOVE_OR_REPLACE}",
    ]

"""`session5 explain`: what it tells and draws, whom it asks, what it refuses."""

import json
import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.image import imread
from typer.testing import CliRunner

import keras_session5 as s5
from keras_session5.cli import app, explain as verb
from keras_session5.data import load_data
from keras_session5.errors import (
    ArgumentError,
    InvalidArgumentError,
    NotFoundError,
    Session5Error,
    UnavailableError,
)
from keras_session5.exporting import signatures

EXPLAINED = [
    "perceptron",
    "lenet5",
    "simple_rnn",
    "transformer",
    "transformer_encoder",
    "gpt",
    "masked_language_model",
    "vit",
    "simple_rnn_waves",
]
NOBODY = "http://127.0.0.1:9"
BEFORE = "mlp_xor"  # is exported as it was before there were explanations


@pytest.fixture(scope="module")
def models(exported, trained, tmp_path_factory):
    """Networks that were hardly trained: what is told of them matters, not what they say."""
    models = tmp_path_factory.mktemp("explained")
    for name in EXPLAINED:
        shutil.copytree(exported(name).parent, models / name)
    with pytest.MonkeyPatch.context() as patch:
        make = signatures.make_signatures
        patch.setattr(
            signatures,
            "make_signatures",
            lambda *given: {name: one for name, one in make(*given).items() if not one.explains},
        )
        s5.export(trained(BEFORE), models)
    return models


@pytest.fixture(scope="module")
def server(models):
    with s5.serve({path.name: path for path in models.iterdir()}) as server:
        yield server


@pytest.fixture
def explain(models, server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def ask(*arguments, address=server.rest_address):
        where = ["--models", models, *(["--server", address] if address else [])]
        found = CliRunner().invoke(app, ["explain", *map(str, [*arguments, *where])])
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.stdout

    return ask


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "image.png"
    path.write_bytes(tf.io.encode_png(load_data("digits").test.inputs[0]).numpy())
    return path


def test_weighted_sums_of_a_perceptron(explain, models, server, tmp_path):
    told = explain("perceptron", "--json", "[[1, 1]]")
    (line,) = re.findall(r"^fires: weighted sum (-?[\d.]+) -> 1.0000$", told, re.MULTILINE)
    assert float(line) >= 0
    assert told.endswith("Picture: perceptron-explained.png\n")
    assert imread(tmp_path / "perceptron-explained.png").ndim == 3


def test_an_image_over_grpc(explain, server, image, tmp_path):
    told = explain("lenet5", "--image", image, "--picture", "new/a.png", address=server.grpc_address)
    assert re.match(r"label: \d\n  0\.\d{4}  \d\n", told)
    assert re.search(
        r"most salient pixels \(row, column\): (\(\d+, \d+\), ){4}\(\d+, \d+\); \d+ of 784", told
    )
    assert re.findall(r"^([csf]\d) ", told, re.MULTILINE) == ["c1", "s2", "c3", "s4", "c5", "f6"]
    assert (tmp_path / "new" / "a.png").is_file()


def test_a_guess_character_by_character(explain):
    told = explain("simple_rnn", "--text", "Que\u0301bec")  # as two characters typed, and read as one
    beginnings = re.findall(r"^  (\S+) +[A-Z]\w+ 0\.\d\d, ", told, re.MULTILINE)
    assert beginnings == ["Q", "Qu", "Qué", "Québ", "Québe", "Québec"]
    assert re.search(r"^most important for \w+: '.' \(\d\), \+0\.\d\d$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "asked", "sentence"),
    [
        ("transformer", ["--text", "12 mars 2020"], r"layer 1 attends mostly from '.+' to '.' \(\d+\)"),
        (
            "vit",
            ["--image", "IMAGE"],
            r"most salient pixels[^\n]+\nlayer 1, head 1: the class token attends",
        ),
        (
            "transformer_encoder",
            ["--text", "Peru"],
            r"layer 1, head 2 attends mostly to '[Peru]' \(\d\), mean weight 0\.\d\d",
        ),
        (
            "gpt",
            ["--text", "German: Fr"],
            r"next: ('.'|the end)\nlayer 1, head 1 attends mostly to '.+' \(\d\), ",
        ),
        ("masked_language_model", ["--text", "P_ru"], r"text: P.ru\nlayer 1, head 1 attends"),
        ("simple_rnn_waves", ["--json", json.dumps([[[0.1], [0.2], [0.3]]])], r"forecast: -?\d\.\d{4}"),
        ("simple_rnn", ["--json", "[[5, 6, 0]]"], r"  5   +\w+ 0\.\d\d"),
        (
            "transformer",
            ["--json", '{"source": [[3, 4, 0]], "target": [[14, 3]]}'],
            r"attends mostly from '\d+' to ",
        ),
    ],
)
def test_every_kind_has_words_and_a_picture(explain, name, asked, sentence, image, tmp_path):
    told = explain(name, *[image if one == "IMAGE" else one for one in asked])
    assert re.search(sentence, told)
    assert (tmp_path / f"{name}-explained.png").stat().st_size > 10_000


def test_raw_is_the_whole_answer_without_a_picture_unless_one_is_wanted(explain, tmp_path):
    answer = json.loads(explain("simple_rnn", "--text", "Peru", "--raw"))
    assert np.shape(answer["states"]) == (1, 4, 384)
    assert answer["prefix_probabilities"][0][-1] == pytest.approx(answer["probabilities"][0], abs=1e-6)
    assert not list(tmp_path.iterdir())
    explain("simple_rnn", "--text", "Peru", "--raw", "--picture", "p.png")
    assert (tmp_path / "p.png").is_file()


def test_without_a_server_the_model_is_served_for_the_question(explain, monkeypatch):
    monkeypatch.setattr(verb, "SERVER", NOBODY)
    monkeypatch.setattr("keras_session5.server.__main__.hide_training", lambda: None)
    assert "fires: weighted sum" in explain("perceptron", "--json", "[[0, 1]]", address=None)
    with pytest.raises(
        Session5Error,
        match=r"No server answers.*text_to_text has no exported version.*`session5 run text_to_text`",
    ):
        explain("text_to_text", "--text", "x", address=None)
    with pytest.raises(ArgumentError, match="Did you mean lenet5"):
        explain("lenet", "--json", "[[0]]", address=None)
    with pytest.raises(ArgumentError, match="gpt2_small"):
        explain("gpt2_small", "--json", "[[0]]", address=None)


def test_a_server_that_was_named_is_not_replaced(explain):
    with pytest.raises(UnavailableError, match="Start one with `session5 serve`"):
        explain("perceptron", "--json", "[[0, 1]]", address=NOBODY)


def test_a_version_that_was_exported_before_says_what_to_do(explain):
    with pytest.raises(
        Session5Error, match=rf"Version 1 of {BEFORE} has no signature `explain`.*session5 export"
    ):
        explain(BEFORE, "--json", "[[0, 1]]")


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (["perceptron"], ArgumentError, "exactly one of --image, --text and --json"),
        (["simple_rnn", "--text", "a", "--json", "[]"], ArgumentError, "exactly one of"),
        (["simple_rnn", "--text", ""], ArgumentError, "`--text` must have at least one character"),
        (["perceptron", "--text", "a"], ArgumentError, "perceptron accepts --json. Received: --text"),
        (["lenet5", "--text", "a"], ArgumentError, "lenet5 accepts --image or --json"),
        (["lenet5", "--image", "none.png"], ArgumentError, "`--image` must be a readable file"),
        (["lenet5", "--image", "no.png"], ArgumentError, "must be a complete PNG or JPEG file"),
        (["lenet5", "--image", "half.png"], ArgumentError, "must be a complete PNG or JPEG file"),
        (["perceptron", "--json", "[["], ArgumentError, "`--json` must be JSON"),
        (["perceptron", "--json", "[[0,1],[1,1]]"], ArgumentError, "`--json` must hold one sample"),
        (["perceptron", "--json", "[[0,1]]", "--picture", "a.pdf"], ArgumentError, "must end in .png"),
        (["nothing", "--json", "[[0,1]]"], NotFoundError, "nothing"),
        (["no/such/name", "--json", "[[0,1]]"], Session5Error, "no/such/name"),
        (
            ["perceptron", "--json", "[[0,1]]", "--picture", "is.png"],
            ArgumentError,
            "and not be a folder",
        ),
        (
            ["perceptron", "--json", "[[0,1,2]]"],
            InvalidArgumentError,
            "not compatible with expected shape [?,2]",
        ),
        (
            ["simple_rnn", "--text", "a" * 300],
            InvalidArgumentError,
            "must have at most 256 tokens. Received: 300",
        ),
        (["gpt", "--text", "Klingon: a"], InvalidArgumentError, "Klingon"),
        (["masked_language_model", "--text", "abc"], InvalidArgumentError, "must have a gap to fill in"),
    ],
)
def test_wrong_questions_leave_nothing(explain, image, tmp_path, arguments, error, sentence):
    (tmp_path / "is.png").mkdir()
    (tmp_path / "no.png").write_text("a text")
    (tmp_path / "half.png").write_bytes(image.read_bytes()[:-40])
    before = set(tmp_path.iterdir())
    with pytest.raises(error) as found:
        explain(*arguments)
    assert sentence in found.value.sentence
    assert "\n" not in found.value.sentence
    assert "{{" not in found.value.sentence
    assert set(tmp_path.iterdir()) == before


def test_a_causal_network_is_told_where_it_has_a_choice(explain):
    """The first step of a causal network has nothing but itself to look at."""
    told = explain("gpt", "--text", "German: Fra")
    sharpest = re.findall(r"greatest weight from '(.+?)' \((\d)\) to ", told)
    assert sharpest
    assert all(int(step) > 1 for _, step in sharpest)


def test_what_a_decoder_writes_is_what_it_finds_likeliest(explain):
    question = json.dumps({"source": [[3, 4, 0]], "target": [[14, 3]]})
    answer = json.loads(explain("transformer", "--json", question, "--raw"))
    first, second = np.argmax(answer["logits"][0], axis=-1)
    told = explain("transformer", "--json", question)
    assert re.search(rf"layer 1 attends mostly from '{first}' to '[34]' \(\d\), '{second}' to ", told)

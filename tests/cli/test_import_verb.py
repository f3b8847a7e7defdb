"""Published weights on the command line: imported, served, asked with texts and pictures, explained."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from published import write_bert, write_gpt2, write_tokenizer, write_vit

import keras_session5 as s5


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    write_tokenizer(write_gpt2(folder / "gpt2"))
    write_tokenizer(write_bert(folder / "bert"), segments=True)
    write_vit(folder / "vit")
    pixels = np.random.default_rng(0).integers(0, 256, (20, 24, 3)).astype("uint8")
    Image.fromarray(pixels).save(folder / "cat.png")
    return folder


@pytest.fixture(scope="module")
def models(folders, tmp_path_factory):
    """Folder of exported models: one of each family, and GPT-2 in bfloat16."""
    models = tmp_path_factory.mktemp("models")
    for name, folder in (("gpt2_small", "gpt2"), ("bert_base", "bert"), ("vit_b16", "vit")):
        s5.export(s5.load_weights(name, folders / folder), models)
    s5.export(s5.load_weights("gpt2_small", folders / "gpt2", dtype="bfloat16"), models, name="brief")
    return models


@pytest.fixture(scope="module")
def server(models):
    with s5.serve({path.name: path for path in models.iterdir()}) as server:
        yield server


def test_the_verb_exports_and_names_the_next_commands(folders, here):
    done = here("import", "gpt2_small", folders / "gpt2", "--name", "talker")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "talker version 1: saved_models/talker/1",
        "  7,296 parameters, float32",
        "Next: session5 serve",
        'then: session5 query talker --text "Hello, my name is"',
    ]
    done = here("import", "vit_ti16", folders / "vit", "--out", "elsewhere", "--json")
    told = json.loads(done.stdout)
    assert (told["name"], told["version"], told["path"]) == ("vit_ti16", 1, "elsewhere/vit_ti16/1")
    assert (told["arguments"]["num_classes"], told["left_out"], told["tokenizer"]) == (3, [], False)


def test_the_folder_has_what_others_have_and_the_tokenizer(models, folders):
    extras = models / "gpt2_small" / "1" / "assets.extra"
    record = json.loads((extras / "model.json").read_text())
    assert record["tokenizer"] == {"inputs": ["tokens"], "padding_id": -1}
    assert record["rows_independent"]["serving_default"]
    assert "assets.extra/tokenizer.json" in record["files"]
    assert (extras / "tokenizer.json").read_bytes() == (folders / "gpt2" / "tokenizer.json").read_bytes()
    assert (extras / "tf_serving_warmup_requests").is_file()
    labels = models / "vit_b16" / "1" / "assets.extra" / "labels.txt"
    assert labels.read_text().splitlines() == ["cat", "dog", "tabby, tabby cat"]


def test_texts_are_asked_on_the_command_line(server, models, folders, here):
    where = ["--server", server.rest_address, "--models", models]
    result = s5.load_weights("gpt2_small", folders / "gpt2")
    (expected,) = s5.generate(result, ["Hello my name"], temperature=0.0, max_new_tokens=6)
    done = here("query", "gpt2_small", "--text", "Hello my name", "--max-new-tokens", 6, *where)
    assert (done.returncode, done.stdout) == (0, f"text: {expected}\n"), done.stderr
    sampled = ["query", "gpt2_small", "--text", "Hello", "--temperature", 2, "--seed"]
    assert len({here(*sampled, seed, *where).stdout for seed in range(4)}) > 1
    assert here("query", "brief", "--text", "Hello", *where).stdout.startswith("text: hello")

    done = here("query", "bert_base", "--text", "good day", *where)
    assert done.stdout.startswith("sequence: 4 x 16 numbers; --raw shows them\npooled: "), done.stderr
    raw = json.loads(here("query", "bert_base", "--text", "good day", "--raw", *where).stdout)
    assert np.shape(raw["sequence"]) == (1, 4, 16)
    done = here("query", "bert_base", "--text", "good", "--seed", 1, *where)
    assert (done.returncode, done.stdout) == (2, "")
    assert "`--seed` is for the --text of a model that generates" in done.stderr
    done = here("query", "gpt2_small", "--text", "hello " * 20, *where)
    assert "error: A prompt must have from 1 to 19 tokens, then only -1. Received: " in done.stderr


def test_the_client_asks_in_batches(server, models):
    tokenizer = s5.Tokenizer(models / "gpt2_small" / "1")
    inputs = tokenizer.encode(["hello my", "good day world"])
    assert inputs["tokens"].tolist() == [[0, 1, -1], [5, 6, 4]]
    assert tokenizer.decode(inputs["tokens"]) == ["hello my", "good day world"]
    settings = {"temperature": [0, 0], "seed": [0, 0], "max_new_tokens": [2, 4]}
    for address in (server.rest_address, server.grpc_address):
        with s5.connect(address) as client:
            found = client.predict("gpt2_small", inputs | settings, signature_name="generate")["tokens"]
            assert found.shape == (2, 7)
            for row, alone, more in zip(found, (["hello my"], ["good day world"]), (2, 4), strict=True):
                one = tokenizer.encode(alone) | {"temperature": [0], "seed": [0], "max_new_tokens": [more]}
                (other,) = client.predict("gpt2_small", one, signature_name="generate")["tokens"]
                assert row[row >= 0].tolist() == other[other >= 0].tolist()
            logits = client.predict("gpt2_small", {"tokens": [[0, 1], [5, 6]]})["logits"]
            assert logits.shape == (2, 2, 24)
            rough = client.predict("brief", {"tokens": [[0, 1], [5, 6]]})["logits"]
            assert rough.dtype == "float32"
            assert 0 < np.abs(rough - logits).max() < 2**-5 * np.abs(logits).max()
    bert = s5.Tokenizer(models / "bert_base" / "1").encode(["good day", "day"])
    assert bert["tokens"].tolist() == [[1, 8, 9, 2], [1, 9, 2, 0]]
    assert bert["segments"].shape == (2, 4)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"tokens": [[24]]}, "A token id must be from 0 to 23, or -1 after a prompt. Received: 24"),
        ({"tokens": [[-1]]}, "A prompt must have from 1 to 19 tokens, then only -1. Received: [-1]"),
        ({"tokens": [[1, -1, 2]]}, "A prompt must have from 1 to 19 tokens, then only -1"),
        ({"temperature": [-1]}, "`temperature` must be at least 0. Received: -1"),
        ({"max_new_tokens": [0]}, "`max_new_tokens` must be at least 1. Received: 0"),
    ],
)
def test_the_graph_refuses_what_it_cannot_continue(server, inputs, sentence):
    valid = {"tokens": [[1]], "temperature": [0], "seed": [0], "max_new_tokens": [1]}
    with (
        s5.connect(server.rest_address) as client,
        pytest.raises(s5.errors.InvalidArgumentError) as raised,
    ):
        client.predict("gpt2_small", valid | inputs, signature_name="generate")
    assert sentence in raised.value.sentence


def test_pictures_are_asked_and_all_are_explained(server, models, folders, here, tmp_path):
    where = ["--server", server.rest_address, "--models", models]
    done = here("query", "vit_b16", "--image", folders / "cat.png", *where)
    assert done.stdout.startswith("label: "), done.stderr
    assert "tabby, tabby cat" in done.stdout
    done = here("explain", "vit_b16", "--image", folders / "cat.png", *where)
    assert "the class token attends mostly to patch" in done.stdout, done.stderr
    done = here("explain", "gpt2_small", "--text", "Hello my name is", *where)
    assert "next: '" in done.stdout, done.stderr
    assert "layer 2, head 2 attends mostly to " in done.stdout
    assert "'hello' (1)" in done.stdout
    assert (tmp_path / "gpt2_small-explained.png").is_file()
    done = here("explain", "bert_base", "--text", "good day", *where)
    assert "'[SEP]' (4)" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["lenet5", "nowhere"], 2, "`name` must be one of gpt2_small"),
        (["gpt2_small", "nowhere"], 2, "must be a folder with published weights. Received: 'nowhere'"),
        (["gpt2_small", "."], 2, "must hold config.json"),
        (["gpt2_small", ".", "--dtype", "int8"], 2, "`dtype` must be one of float32, bfloat16"),
        (["gpt2_small", ".", "--repository", "a/b"], 2, "`--repository` is for --download"),
    ],
)
def test_what_a_user_can_do_wrong_ends_in_a_sentence(arguments, status, sentence, here):
    done = here("import", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert sentence in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].startswith("error: ")


def test_only_download_asks_the_hub_and_ends_in_a_sentence_without_it(here, monkeypatch, folders):
    import huggingface_hub

    asked = []

    def unreachable(repository, **settings):
        asked.append((repository, settings["local_dir"].name))
        raise OSError("no network\nmore")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    assert here("import", "gpt2_small", "gpt2-medium").returncode == 2
    assert asked == []
    done = here("import", "gpt2_small", "new", "--download", "--repository", "openai-community/gpt2-medium")
    assert (done.returncode, done.stdout) == (1, "")
    assert asked == [("openai-community/gpt2-medium", "new")]
    assert "could not be downloaded from the Hugging Face Hub: no network. On a machine" in done.stderr


def test_the_help_imports_no_tensorflow():
    code = (
        "import sys; from keras_session5.cli import app\n"
        "try: app(['import', '--help'])\n"
        "except SystemExit: sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--download" in done.stdout
    assert "session5 import gpt2_small" in done.stdout


def test_a_name_of_its_own_and_no_other_argument(folders, tmp_path):
    result = s5.load_weights("bert_base", folders / "bert")
    with pytest.raises(s5.errors.ArgumentError, match="`class_names` must be left out for published weights"):
        s5.export(result, tmp_path, class_names=["a"])
    with pytest.raises(s5.errors.ArgumentError, match="`name` must begin"):
        s5.export(result, tmp_path, name="../b")

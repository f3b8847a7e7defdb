"""The README, the changelog, the Makefile and the deployment files match the code."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from google.protobuf import text_format
from guide import run_guide
from published import write_gpt2, write_tokenizer
from typer.testing import CliRunner

import keras_session5 as s5
from keras_session5.catalog import NETWORKS
from keras_session5.cli import app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
GUIDE = (ROOT / "docs" / "guides" / "using.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def blocks(text, language):
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_table_of_networks_is_the_catalogue():
    rows = [
        f"| `{e.name}` | {e.title} | {e.year} | {f'`{e.data}`' if e.data else ''} | {e.parameters:,} |"
        for e in NETWORKS.values()
    ]
    assert "\n".join(rows) in (ROOT / "docs" / "networks.md").read_text("utf-8")


@pytest.mark.slow
def test_the_readmes_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for code in blocks(README, "python"):
        exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.rstrip().endswith("]")
    assert (tmp_path / "my_models" / "lenet5" / "1" / "saved_model.pb").exists()
    # Five epochs are worse than the tour's: they must not replace what `session5 serve` serves.
    assert not (tmp_path / "saved_models").exists()


@pytest.mark.slow
def test_the_guide_to_an_own_network_runs_from_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_guide()


@pytest.mark.slow
def test_the_guide_to_published_weights_runs_with_a_small_random_network(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_tokenizer(write_gpt2(tmp_path / "gpt2"))
    guide = (ROOT / "docs" / "guides" / "published-weights.md").read_text("utf-8")
    names: dict = {}
    where: list[str] = []
    for language, code in re.findall(r"^```(python|sh)\n(.*?)^```", guide, re.DOTALL | re.MULTILINE):
        if language == "python":
            exec(compile(code, "published-weights.md", "exec"), names)
            continue
        for line in code.splitlines():
            told = CliRunner().invoke(app, [*shlex.split(line)[1:], *where], catch_exceptions=False)
            assert told.exit_code == 0, told.output
            if not where:
                first = s5.serve({"gpt2_small": "saved_models/gpt2_small"})
                where = ["--server", first.rest_address]
    first.stop()
    assert (tmp_path / "gpt2_small-explained.png").exists()
    assert names["path"] == Path("saved_models/gpt2_bfloat16/1")
    texts = names["tokenizer"].decode(names["answer"]["tokens"])
    assert [text.split()[0] for text in texts] == ["hello", "good"]


@pytest.fixture(scope="module")
def server(exported, tmp_path_factory):
    """The models that the guide's curl lines query; only the perceptron is trained."""
    folder = tmp_path_factory.mktemp("readme")
    models = {name: str(exported(name).parent) for name in ("lenet5", "simple_rnn")}
    result = s5.train("perceptron", epochs=10, runs_dir=folder / "runs", verbose=0, dashboard=False)
    models["perceptron"] = str(s5.export(result, folder).parent)
    with s5.serve(models) as server:
        yield server


CURL = [line for block in blocks(GUIDE, "sh") for line in block.splitlines()]


def test_the_documents_have_examples_for_both():
    assert len(blocks(README, "python")) == 1
    assert sum(line.startswith("curl ") for line in CURL) >= 4


def test_the_readme_is_one_screen_before_its_python():
    before = README.split("## From Python")[0].splitlines()
    assert len(before) <= 40
    assert (ROOT / "docs" / "start.gif").read_bytes()[:4] == b"GIF8"


@pytest.mark.slow
@pytest.mark.parametrize("line", CURL)
def test_the_guides_curl_lines_answer(line, server):
    line = line.replace("http://127.0.0.1:8501", server.rest_address)
    found = subprocess.run(f"{line} -sf", shell=True, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    if "perceptron" in line:
        assert re.sub(r"\s", "", found.stdout) == '{"predictions":[[0.0],[1.0]]}'
    if "from_text" in line:
        assert '"label"' in found.stdout
        assert '"probabilities"' in found.stdout


def test_the_changelogs_newest_released_version_is_this_one():
    text = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## (\S+)$", text, re.MULTILINE)  # without "(unreleased)"
    assert released[0] == PROJECT["version"] == s5.__version__


def test_constraints_name_every_dependency_and_no_index():
    text = (ROOT / "constraints.txt").read_text()
    assert not re.search(r"://|--|@", text)
    names = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
    pinned = {re.sub(r"[-_.]+", "-", name).lower() for name in names}
    extras = PROJECT["optional-dependencies"]
    for requirement in PROJECT["dependencies"] + extras["dev"] + extras["jax"]:
        assert re.match(r"[\w-]+", requirement).group().replace("_", "-").lower() in pinned


def test_make_help_lists_every_target():
    command = ["make", "--no-print-directory", "help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(), re.MULTILINE).group(1).split()
    assert re.findall(r"^  (\S+)", shown, re.MULTILINE) == phony


def test_an_installed_environment_is_found_up_to_date(tmp_path):
    for name in ("Makefile", "pyproject.toml", "setup.cfg", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready").touch()
    command = ["make", "--no-print-directory", "-n", "demo"]  # which it would print inside `make test`
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [".venv/bin/session5", "tour", "--landmarks"]


@pytest.mark.parametrize("file", ["models.config", "all.config"])
def test_the_configurations_list_the_tour_and_are_understood(file):
    from tensorflow_serving.config import model_server_config_pb2

    text = (ROOT / "serving" / file).read_text()
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    found = [(c.name, c.base_path, c.model_platform) for c in config.model_config_list.config]
    whole = file == "all.config"
    tour = [name for name, e in NETWORKS.items() if e.tour is not None and (whole or e.landmark)]
    assert found == [(name, f"/models/{name}", "tensorflow") for name in tour]


def test_compose_listens_on_this_machine_only():
    compose = (ROOT / "serving" / "compose.yaml").read_text()
    assert re.findall(r'- "(.*):\d+:\d+"', compose) == ["127.0.0.1", "127.0.0.1"]
    for name in re.findall(r"=/serving/(\S+)", compose):
        assert (ROOT / "serving" / name).exists()

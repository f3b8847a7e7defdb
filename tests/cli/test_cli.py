"""The command line: what it prints, what it refuses, what it costs to ask for help."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from keras_session5.catalog import NETWORKS
from keras_session5.checking import machine
from keras_session5.cli import pipeline

VERBS = [
    "check",
    "explain",
    "playground",
    "list",
    "compare",
    "train",
    "evaluate",
    "export",
    "run",
    "tour",
    "serve",
    "query",
    "models",
    "dashboard",
    "doctor",
]


def session5(*arguments, **options):
    command = [sys.executable, "-m", "keras_session5", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_has_an_example(verb, here):
    found = here(*filter(None, [verb]), "--help")
    assert found.returncode == 0
    assert verb == "" or f"Example: session5 {verb}" in found.stdout


def test_help_answers_at_once_since_it_imports_none_of_the_libraries_that_take_long():
    code = f"""
import sys
from keras_session5.cli import app
slow = {{
    "tensorflow", "keras", "tensorflow_datasets", "tensorboard", "grpc", "google", "numpy", "scipy",
    "sklearn", "skimage", "matplotlib", "PIL", "babel", "uvicorn", "simdjson", "gradio", "asyncio",
}}
for verb in [[], *([verb] for verb in {VERBS!r})]:
    try:
        app([*verb, "--help"])
    except SystemExit:
        pass
    if found := slow & sys.modules.keys():
        sys.exit(f"{{verb}} imports {{found}}")
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr


def test_list_prints_the_catalogue(here):
    shown = here("list").stdout
    for entry in NETWORKS.values():
        for text in (
            entry.name,
            entry.title,
            str(entry.year),
            entry.data or "-",
            f"{entry.parameters:,}",
            entry.slide,
        ):
            assert text in shown
    networks = json.loads(here("list", "--json").stdout)["networks"]
    assert [n["name"] for n in networks] == list(NETWORKS)
    assert {"name", "parameters", "data", "paper", "tour"} <= networks[0].keys()
    assert [n["name"] for n in networks if n["tour"]] == [n["name"] for n in networks if n["data"]]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["train", "lenet7"], 2, "Did you mean lenet5?"),
        (["train", "mlp", "--set", "epochs"], 2, "must be KEY=VALUE"),
        (["train", "mlp", "--set", "epoch=3"], 2, "Did you mean epochs?"),
        (["train", "mlp", "--set", "seed=3"], 2, "seed is neither"),
        (["train", "mlp", "--data", "imagenet"], 2, "`data` must be one of"),
        (["train", "mlp", "--xla", "yes"], 2, "auto, on, off"),
        (["evaluate", "mlp"], 1, "Train it first: session5 train mlp"),
        (["export", "mlp", "--run", "nowhere"], 1, "nowhere is not a training run"),
        (["serve"], 2, "session5 run NAME"),
        (["serve", "--engine", "triton"], 2, "tensorflow_model_server"),
        (["serve", "--config", "nowhere"], 2, "`--config` must be a file"),
        (["query", "mlp"], 2, "exactly one of --image, --text and --json"),
        (["query", "mlp", "--image", "nowhere.png"], 2, "No such file"),
        (["query", "mlp", "--json", "{"], 2, "must be JSON"),
        (["query", "mlp", "--text", ""], 2, "at least one character"),
        (["serve", "--port", "9", "--rest-port", "9"], 2, "must be two ports"),
        (["train", "mlp", "--epochs", "1", "--set", "epochs=2"], 2, "must be given once"),
        (["train", "mlp", "--seed", "99999999999"], 2, "from 0 to 4294967295"),
        (
            ["query", "mlp", "--json", "[1]", "--server", "http://127.0.0.1:9"],
            1,
            "Start one with `session5 serve`",
        ),
        (["models", "--server", "nonsense"], 2, "nonsense"),
        (["dashboard"], 2, "`--runs` must be a directory"),
        (["lisst"], 2, "Did you mean 'list'?"),
        (["train", "threshold_unit"], 2, "McCulloch and Pitts gave no learning rule"),
        (["run", "threshold_unit", "--epochs", "3"], 2, "threshold_unit is not trained"),
        (["run", "bert_base"], 2, "neither trained nor exported. At its published size"),
        (["export", "gpt2_small"], 2, "train gpt instead"),
        (["train", "mlp", "--start-from", "nowhere"], 1, "nowhere is not a training run"),
        (["train", "mlp", "--start-from", "lenet5"], 1, "Train it first: session5 train lenet5"),
        (["train", "mlp", "--resume"], 1, "no unfinished run of mlp in runs to resume"),
        (["train", "gpt", "--set", "token_dropout=0.1"], 2, "`token_dropout` hides characters"),
        (["query", "mlp", "--text", "a", "--signature", "sample"], 2, "`--signature` is for --json"),
    ],
)
def test_what_a_user_can_do_wrong_ends_in_a_sentence(arguments, status, sentence, here):
    found = here(*arguments)
    assert (found.returncode, found.stdout) == (status, "")
    assert sentence in found.stderr
    assert "Traceback" not in found.stderr


def test_a_folder_that_cannot_be_made_is_a_sentence(here):
    found = here("train", "perceptron", "--runs", "/dev/full/runs")
    assert found.returncode == 1
    assert found.stderr.splitlines()[-1].startswith("error: Not a directory: /dev/full")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder in which two networks went the whole way, and what that printed."""
    folder = tmp_path_factory.mktemp("workplace")
    # As a user has it: nobody has set the level of TensorFlow's log.
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    found = {name: session5("run", name, "--json", cwd=folder, env=env) for name in ("perceptron", "mlp_xor")}
    return folder, found


def test_run_ends_with_a_report_that_proves_the_same_answers(workplace):
    folder, found = workplace
    assert [f.returncode for f in found.values()] == [0, 0], found["mlp_xor"].stderr
    report = json.loads(found["mlp_xor"].stdout)
    assert json.loads((folder / "report.json").read_text()) == report
    assert report["seconds"] > 0
    assert 100 < report["peak_memory_mib"] < 3000
    (row,) = report["networks"]
    assert (row["name"], row["parameters"], row["data"], row["version"]) == (
        "mlp_xor",
        33,
        "logic_gates/xor",
        1,
    )
    assert row["metrics"]["accuracy"] == row["floor"] == 1.0
    assert row["max_difference"].keys() == {"saved_model", "grpc", "rest"}
    assert max(row["max_difference"].values()) <= 1e-5


def test_progress_goes_to_standard_error_without_tensorflows_start_up_lines(workplace):
    _, found = workplace
    assert "Epoch 1/10" in found["mlp_xor"].stderr
    assert "absl::InitializeLog" not in found["mlp_xor"].stderr


def test_run_fails_below_the_floor_and_says_so(here, tmp_path, monkeypatch):
    # A step so small that the signs of the first weights stay as the seed drew them.
    entry = NETWORKS["mlp_xor"]
    slow = replace(entry, recipe=replace(entry.recipe, learning_rate=1e-9, epochs=1))
    monkeypatch.setitem(NETWORKS, "mlp_xor", slow)
    found = here("run", "mlp_xor")
    assert found.returncode == 1
    assert "mlp_xor must reach an accuracy of 1.0. Received: 0." in found.stderr
    assert json.loads((tmp_path / "report.json").read_text())["networks"]


@pytest.fixture
def short_tour(here, monkeypatch):
    """Runs `session5 tour` with three networks in this process."""
    for name, entry in NETWORKS.items():
        if name not in ("threshold_unit", "perceptron", "mlp"):
            monkeypatch.setitem(NETWORKS, name, replace(entry, tour=None))
    monkeypatch.setitem(NETWORKS, "mlp", replace(NETWORKS["mlp"], tour={"epochs": 1}, tour_min_accuracy=0.3))
    return lambda *arguments: here("tour", *arguments)


def test_the_tour_serves_its_networks_together_and_says_what_it_shortens(short_tour, tmp_path):
    found = short_tour()
    assert found.returncode == 0, found.stderr
    assert "mlp: shorter training than its recipe, to keep the tour short: epochs=1" in found.stdout
    rows = json.loads((tmp_path / "report.json").read_text())["networks"]
    assert [(row["name"], row["floor"], row["version"]) for row in rows] == [
        ("threshold_unit", 1.0, 1),
        ("perceptron", 1.0, 1),
        ("mlp", 0.3, 1),
    ]
    assert max(d for row in rows for d in row["max_difference"].values()) <= 1e-5


def test_the_landmarks_are_those_of_the_demo(short_tour):
    landmarks = [name for name, entry in NETWORKS.items() if entry.landmark]
    assert landmarks == ["perceptron", "mlp", "lenet5", "simple_rnn", "transformer_encoder"]
    found = short_tour("--landmarks", "--json")
    assert found.returncode == 0, found.stderr
    assert [row["name"] for row in json.loads(found.stdout)["networks"]] == ["perceptron", "mlp"]


def test_what_ends_with_an_export_uses_tensorflow(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "keras", raising=False)  # as in a process that has not imported it yet
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    pipeline.prepare(tmp_path, tmp_path, tmp_path / "report.json")
    assert os.environ["KERAS_BACKEND"] == "tensorflow"


def test_what_is_set_by_hand_goes_the_whole_way_without_training(here):
    found = here("run", "threshold_unit", "--json")
    assert found.returncode == 0, found.stderr
    (row,) = json.loads(found.stdout)["networks"]
    assert (row["metrics"]["accuracy"], row["train_seconds"]) == (1.0, 0.0)


def test_trials_are_shown_right_or_wrong(here):
    found = here("train", "photo_perceptron")
    assert re.search(r"trials    1 to 50   [.x]{50}  \d\d of 50 right\n", found.stdout)
    assert re.search(r"trials   51 to 100  [.x]{50}  \d\d of 50 right\n", found.stdout)


def test_a_configuration_that_lacks_a_network_is_refused_before_the_work(short_tour, tmp_path):
    config = tmp_path / "models.config"
    config.write_text(
        'model_config_list { config { name: "mlp" base_path: "/models/mlp" model_platform: "tensorflow" } }'
    )
    found = short_tour("--config", config)
    assert (found.returncode, found.stdout) == (2, "")
    assert "`--config` must list threshold_unit, perceptron too" in found.stderr
    assert not list((tmp_path / "runs").iterdir())


def test_train_evaluate_and_export_print_one_json_object_each(workplace):
    folder, _ = workplace
    trained = json.loads(
        session5("train", "perceptron", "--data", "logic_gates/or", "--json", cwd=folder).stdout
    )
    assert {
        "name",
        "data",
        "seed",
        "parameters",
        "epochs",
        "seconds",
        "jit_compile",
        "run_dir",
        "metrics",
    } == set(trained)
    assert (trained["parameters"], trained["metrics"]["accuracy"]) == (3, 1.0)
    evaluated = json.loads(session5("evaluate", "perceptron", "--json", cwd=folder).stdout)
    assert (evaluated["name"], evaluated["data"]) == ("perceptron", "logic_gates/or")
    assert evaluated["metrics"] == trained["metrics"]
    exported = json.loads(session5("export", "perceptron", "--json", cwd=folder).stdout)
    assert (folder / exported["path"] / "saved_model.pb").exists()
    assert exported["metrics"] == trained["metrics"]
    before = exported["replaces"]
    assert (before["version"], before["data"], before["worse"]) == (1, "logic_gates/and", None)


@pytest.fixture
def served(workplace):
    """`session5 serve` on free ports: the process and the lines it has printed."""
    folder, _ = workplace
    command = [sys.executable, "-m", "keras_session5", "serve", "--port", "0", "--rest-port", "0"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    yield process, lines
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_serve_prints_addresses_and_a_curl_line_that_works_and_leaves_on_sigterm(served):
    process, lines = served
    grpc, rest, curl = (line.split(maxsplit=1)[1].strip() for line in lines[:3])
    answer = subprocess.run(f"curl -s {curl}", shell=True, capture_output=True, text=True)
    assert "outputs" in json.loads(answer.stdout)
    models = json.loads(session5("models", "--server", grpc, "--json").stdout)["models"]
    assert {(m["name"], m["state"]) for m in models} == {
        ("perceptron", "AVAILABLE"),
        ("mlp_xor", "AVAILABLE"),
    }
    for server in (grpc, rest):
        shown = session5("query", "mlp_xor", "--json", "[[0, 1]]", "--server", server)
        assert float(shown.stdout.removeprefix("probabilities: ")) > 0.9, shown.stderr
        raw = session5("query", "perceptron", "--json", '{"inputs": [[1, 1]]}', "--server", server, "--raw")
        assert json.loads(raw.stdout) == {"fires": [[1.0]]}
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert "Traceback" not in process.stderr.read()


def test_serve_leaves_on_ctrl_c(served):
    process, _ = served
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def test_the_stock_engine_gets_the_same_configuration_with_this_machines_paths(tmp_path):
    binary = tmp_path / "bin" / "tensorflow_model_server"
    binary.parent.mkdir()
    binary.write_text('#!/bin/sh\necho "$@"\ncat "${3#--model_config_file=}"\n')
    binary.chmod(0o755)
    config = tmp_path / "models.config"
    config.write_text(
        'model_config_list { config { name: "m" base_path: "/models/m" model_platform: "tensorflow" } }'
    )
    found = session5(
        "serve", "--engine", "tensorflow_model_server", "--config", config, "--models", tmp_path / "saved",
        "--port", "1234", env={**os.environ, "PATH": f"{binary.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert found.returncode == 0
    assert "--port=1234 --rest_api_port=8501 --model_config_file=" in found.stdout
    assert f'base_path: "{tmp_path}/saved/m"' in found.stdout


def test_without_the_stock_binary_it_says_how_to_get_it(workplace):
    folder, _ = workplace
    found = session5(
        "serve", "--engine", "tensorflow_model_server", cwd=folder, env={**os.environ, "PATH": "/nowhere"}
    )
    assert found.returncode == 1
    assert "tensorflow-model-server" in found.stderr
    assert "compose.yaml" in found.stderr


def test_doctor_tells_what_this_machine_offers():
    facts = json.loads(session5("doctor", "--json").stdout)
    assert facts["backend"] == "tensorflow"
    assert facts["device"] == "CPU"
    assert facts["xla auto"] == "off"


@pytest.mark.parametrize(
    ("tensorflow", "sentence"),
    [
        ("raise ImportError('libcudart is missing')", "ImportError: libcudart is missing"),
        ("import os; os.write(2, b'F0000 no AVX\\n'); os.abort()", "F0000 no AVX"),
        ("import os; os._exit(3)", "it ended with status 3"),
    ],
)
def test_doctor_finds_a_tensorflow_that_does_not_start(tensorflow, sentence, tmp_path):
    (tmp_path / "tensorflow.py").write_text(tensorflow)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    found = session5("doctor", "--json", env={**os.environ, "PYTHONPATH": path})
    assert found.returncode == 1
    assert json.loads(found.stdout)["device"] == "none"
    assert found.stderr == f"error: tensorflow does not start: {sentence}\n"


@pytest.mark.parametrize(
    ("variable", "settings", "backend"),
    [
        ("", None, "tensorflow"),
        ("", '{"backend": "jax"}', "jax"),
        ("", "no json", "tensorflow"),
        ("torch", '{"backend": "jax"}', "torch"),
    ],
)
def test_doctor_names_the_backend_that_keras_would_choose(variable, settings, backend, tmp_path, monkeypatch):
    if variable:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    else:
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if settings:
        (tmp_path / "keras.json").write_text(settings)
    assert machine.find_backend() == backend


def test_dashboard_serves_tensorboard(workplace):
    import socket
    import urllib.request

    folder, _ = workplace
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "keras_session5", "dashboard", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        runs = None
        for _ in range(480):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/data/runs", timeout=5) as answer:
                    runs = json.load(answer)
                if runs:
                    break
            except OSError:
                pass
            time.sleep(0.25)
        assert any(run.startswith("mlp_xor/") for run in runs or [])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    with pytest.raises(OSError, match="refused"):  # TensorBoard has left with it
        urllib.request.urlopen(f"http://127.0.0.1:{port}/data/runs", timeout=5)

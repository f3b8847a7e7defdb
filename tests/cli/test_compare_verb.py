"""`session5 compare`: what it prints, what it refuses, the picture."""

import json
import struct
import subprocess
import sys
from functools import partial

import pytest

from keras_session5.cli import compare_picture
from keras_session5.comparison.compare import Curve, Row


def session5(*arguments, **options):
    command = [sys.executable, "-m", "keras_session5", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, **options)


def size(png):
    """Width and height in pixels, from a PNG's own header."""
    content = png.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A folder in which both families learned XOR, with curves, and what that printed."""
    folder = tmp_path_factory.mktemp("compared")
    arguments = ["logic_gates/xor", "--network", "mlp_xor", "--curve", "--json"]
    return folder, session5("compare", *arguments, cwd=folder)


def test_it_prints_one_json_object(compared):
    _, found = compared
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert answer.keys() == {"data", "examples", "rows", "curves", "findings", "picture"}
    assert (answer["data"], answer["examples"]) == ("logic_gates/xor", {"train": 4, "test": 4})
    assert len(answer["rows"]) == 6
    assert answer["rows"][0].keys() == {
        "name", "family", "features", "examples", "accuracy", "train_seconds", "predict_us", "size_bytes",
        "parameters", "note",
    }  # fmt: skip
    accuracies = [row["accuracy"] for row in answer["rows"]]
    assert accuracies == sorted(accuracies, reverse=True), "best first"
    (network,) = (row for row in answer["rows"] if row["family"] == "deep")
    assert (network["name"], network["features"], network["parameters"]) == ("mlp_xor", "learned", 33)
    for curve, row in zip(answer["curves"], answer["rows"], strict=True):
        assert (curve["name"], curve["examples"]) == (row["name"], [1, 2, 4])
        assert curve["accuracies"][-1] == row["accuracy"]
    assert answer["findings"][0].startswith("Best network - best classical method: mlp_xor ")


def test_the_runs_of_the_curve_are_not_taken_for_the_networks_own(compared):
    folder, _ = compared
    (run,) = (folder / "runs" / "mlp_xor").glob("*/run.json")
    assert json.loads(run.read_text())["recipe"]["examples"] is None
    curve = [json.loads(path.read_text()) for path in (folder / "runs" / "curve").glob("mlp_xor/*/run.json")]
    assert sorted(run["recipe"]["examples"] for run in curve) == [1, 2]


def test_progress_goes_to_standard_error(compared):
    _, found = compared
    assert "Fitting SVM on inputs" in found.stderr
    assert "Learning curve of mlp_xor: 1, 2 examples" in found.stderr


def test_the_picture_bears_the_name_of_the_data(compared):
    folder, found = compared
    assert json.loads(found.stdout)["picture"] == "compare-logic_gates-xor.png"
    # 8.27 inches of 200 dots; six bars and the curves below.
    assert size(folder / "compare-logic_gates-xor.png") == (1654, round((1.5 + 0.28 * 6 + 3.8) * 200))


def test_without_networks_it_prints_a_table_and_a_sentence(here, tmp_path):
    picture = tmp_path / "new" / "gates.svg"
    found = here("compare", "logic_gates/and", "--no-networks", "--picture", picture)
    assert found.returncode == 0, found.stderr
    assert "Classical and deep on logic_gates/and" in found.stdout
    assert "random forest" in found.stdout
    assert "Best: logistic regression on inputs 1.0000." in found.stdout
    assert f"Picture: {picture}" in found.stdout
    assert "<svg" in picture.read_text()
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["digit"], "Did you mean digits?"),
        (["waves"], "with two or more classes"),
        (["digits", "--network", "lenet"], "Did you mean lenet5?"),
        (["digits", "--network", "mlp", "--no-networks"], "exclude each other"),
        (["digits", "--picture", "picture.bmp"], "`--picture` must end in .png, .pdf or .svg"),
        (["digits", "--no-networks", "--data-dir", "nowhere"], "must be an existing folder"),
    ],
)
def test_what_a_user_can_do_wrong_ends_in_a_sentence(arguments, sentence, here):
    found = here("compare", *arguments)
    assert (found.returncode, found.stdout) == (2, "")
    assert sentence in found.stderr
    assert "Traceback" not in found.stderr


def test_help_has_an_example_and_imports_nothing_heavy():
    code = """
import sys
from keras_session5.cli import app
try:
    app(["compare", "--help"])
except SystemExit:
    pass
heavy = ("tensorflow", "keras", "numpy", "sklearn", "skimage", "matplotlib")
sys.exit(any(name in sys.modules for name in heavy))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "Example: session5 compare" in found.stdout


@pytest.mark.parametrize("families", [("classical", "deep"), ("classical",), ("deep",)])
@pytest.mark.parametrize("with_curves", [False, True])
def test_every_picture_can_be_drawn(families, with_curves, tmp_path):
    row = partial(Row, name="some", features="pixels", size_bytes=1, parameters=None)
    # Two with the same place, and one without accuracy.
    rows = [
        row(family=family, examples=100, accuracy=accuracy, train_seconds=0.1, predict_us=1.0)
        for accuracy in (1.0, 1.0, 0.0)
        for family in families
    ]
    curves = [Curve(r.name, r.family, r.features, (1, 100), (0.0, r.accuracy)) for r in rows]
    picture = tmp_path / "picture.png"
    compare_picture.draw("some: 100 training examples", rows, curves if with_curves else [], picture)
    assert size(picture) == (1654, round((1.5 + 0.28 * len(rows) + 3.8 * with_curves) * 200))

"""What is wrong with the configuration of a model server."""

import subprocess
import sys
from pathlib import Path

import pytest

from keras_session5.checking.config import check_config

ROOT = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path):
    """`lenet5` with versions 1 and 2, `mlp` with version 1; the files are not looked into."""
    for version in ("lenet5/1", "lenet5/2", "mlp/1", "empty"):
        (tmp_path / "models" / version).mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture
def find(models, tmp_path):
    """Text of a configuration -> its only finding; the lines of `where` count from 1."""

    def find(text):
        file = tmp_path / "models.config"
        file.write_text(text)
        found = list(check_config(file, models))
        for one in found:
            assert one.where.startswith(str(file))
            assert one.why
            assert one.mend
        return [(one.severity, one.where.removeprefix(str(file)), one.what, one.mend) for one in found]

    return find


def model(name="lenet5", path="/models/lenet5", more=""):
    return f'config {{ name: "{name}" base_path: "{path}" model_platform: "tensorflow" {more} }}\n'


def listed(*models):
    return "# a comment with config {\nmodel_config_list {\n" + "".join(models) + "}\n"


def test_a_sound_configuration_has_no_findings(find):
    assert (
        find(listed(model(), model("mlp", "/models/mlp", 'version_labels { key: "stable" value: 1 }'))) == []
    )
    assert find(listed(model(path="gs://bucket/lenet5"))) == []


@pytest.mark.parametrize("file", ["models.config", "all.config"])
def test_the_projects_own_have_none(file, tmp_path):
    path = ROOT / "serving" / file
    for line in path.read_text().splitlines():
        if 'base_path: "/models/' in line:
            (tmp_path / line.split('"/models/')[1].split('"')[0] / "1").mkdir(parents=True)
    assert list(check_config(path, tmp_path)) == []


def test_a_label_for_a_version_that_is_not_there(find):
    ((severity, where, what, mend),) = find(listed(model(more='version_labels { key: "canary" value: 3 }')))
    assert (severity, where) == ("error", ":3")
    assert what == "the label canary names version 3 of lenet5, which is not there"
    assert mend == 'Write version_labels { key: "canary" value: 2 }'


def test_a_label_for_a_version_that_the_policy_leaves_out(find):
    ((_, _, what, mend),) = find(listed(model(more='version_labels { key: "stable" value: 1 }')))
    assert what == "the label stable names version 1 of lenet5, which is on the disk but not served"
    policy = mend.removeprefix("Add ")
    assert find(listed(model(more=f'version_labels {{ key: "stable" value: 1 }} {policy}'))) == []


def test_a_policy_for_a_version_that_is_not_there(find):
    ((severity, _, what, _),) = find(listed(model(more="model_version_policy { specific { versions: 7 } }")))
    assert (severity, what) == ("error", "lenet5 has no version 7, only 1, 2")


def test_two_models_with_one_name(find):
    ((severity, where, what, _),) = find(listed(model(), model("mlp", "/models/mlp"), model()))
    assert (severity, where, what) == ("error", ":5", "2 models have the name lenet5")


def test_a_relative_path(find):
    ((severity, where, what, mend),) = find(listed(model(path="saved_models/lenet5")))
    assert (severity, where) == ("error", ":3")
    assert "to have an absolute path or URI" in what
    assert mend.endswith('or "/models/lenet5"')


@pytest.mark.parametrize(
    ("text", "where", "what", "mend"),
    [
        ('model_config_list {\n config { name: "m"\n  basepath: "/m" } }', ":3:3",
         "ModelConfig has no field basepath", "Did you mean base_path?"),
        ("models {\n}", ":1:1", "ModelServerConfig has no field models", None),
        ("model_config_list {\n config {", None, None, None),
        ("", "", "lists no model in a model_config_list", None),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_found_with_its_place(find, text, where, what, mend):
    ((severity, found_where, found_what, found_mend),) = find(text)
    assert severity == "error"
    assert where is None or found_where == where
    assert what is None or found_what == what
    assert mend is None or found_mend == mend


def test_a_model_without_platform(find):
    ((severity, _, _, mend),) = find(listed('config { name: "lenet5" base_path: "/models/lenet5" }\n'))
    assert (severity, mend) == ("error", 'Add model_platform: "tensorflow"')


def test_base_paths_that_are_not_what_they_should_be(find, models):
    ((_, _, what, _),) = find(listed(model("gpt", "/models/gpt")))
    assert what == f"the base path of gpt does not exist: {models / 'gpt'}"
    ((_, _, what, _),) = find(listed(model("empty", "/models/empty")))
    assert what.startswith("the base path of empty has no version with an integer name")
    (models / "lenet5/1/saved_model.pb").touch()
    ((_, _, what, mend),) = find(listed(model(path="/models/lenet5/1")))
    assert what == f"the base path of lenet5 is itself a version: {models / 'lenet5/1'}"
    assert mend == f'Write base_path: "{models / "lenet5"}"'
    (models / "empty/v1").mkdir()
    (models / "empty/v1/saved_model.pb").touch()
    ((_, _, _, mend),) = find(listed(model("empty", "/models/empty")))
    assert mend == f"mv {models / 'empty/v1'} {models / 'empty/1'}"


def test_the_check_of_a_configuration_does_not_import_tensorflow():
    code = (
        "import sys; from pathlib import Path; from keras_session5.checking.config import check_config; "
        "list(check_config(Path('serving/models.config'), Path('saved_models'))); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)

"""What is wrong with SavedModels and their folders."""

import hashlib
import shlex
import subprocess
from pathlib import Path

import pytest

from keras_session5.checking.measuring import measure_size, measure_version
from keras_session5.checking.model import check_keras_file, find_newest

from .conftest import edit, save, write_record, write_warm_up

TARGETS = ["session5", "tensorflow-serving", "tensorflow-serving:2.21", "kserve:2.21"]


def only(findings):
    (one,) = findings
    return one


@pytest.mark.parametrize("target", TARGETS)
def test_a_sound_model_has_no_findings(sound, find, target):
    assert find(sound, target) == find(sound / "1", target) == find(sound.parent, target) == []


def test_it_is_measured(sound):
    figures, failures = measure_version(sound / "1")
    assert failures == []
    assert figures["signature"] == "serving_default"
    assert figures["load_seconds"] > 0
    assert figures["first_call_ms"] > figures["steady_call_ms"] > 0
    assert measure_size(sound / "1") > 1000


# Folders


def test_v1_is_no_version_and_the_command_renames_it(base, find):
    (base / "1").rename(base / "v1")
    for path in (base, base / "v1"):
        one = only(find(path))
        assert (one.severity, one.what) == ("error", "the name of the version folder is not an integer")
    subprocess.run(one.mend, shell=True, check=True)
    assert find(base) == []


def test_a_base_path_that_is_a_version_and_the_command_moves_it(base, find):
    moved = (base / "1").rename(base.parent / "model")
    one = only(find(moved))
    assert one.severity == "error"
    subprocess.run(one.mend, shell=True, check=True)
    assert find(moved) == []
    assert (moved / "1" / "variables").is_dir()


def test_a_base_path_without_versions(tmp_path, find):
    (tmp_path / "empty").mkdir()
    assert only(find(tmp_path / "empty")).what.startswith("has no version")


def test_a_model_beside_others_that_is_itself_a_version(base, find):
    (base / "1").rename(base.parent / "model")
    (base / ".writing-0a1b").mkdir()
    (base.parent / "other" / "1").mkdir(parents=True)
    found = [(Path(one.where).relative_to(base.parent).as_posix(), one.severity) for one in find(base.parent)]
    assert found == [
        ("half/.writing-0a1b", "warning"),
        ("half", "error"),  # no version
        ("model", "error"),  # no integer
        ("other/1", "error"),  # empty
    ]


@pytest.mark.parametrize("name", [".writing-0a1b", "tmp", "2.partial", "temp-3", "2.copying"])
def test_leftovers_are_found(base, find, name):
    (base / name).mkdir()
    one = only(find(base))
    assert (one.severity, Path(one.where).name) == ("warning", name)
    assert one.mend == f"rm -r {base / name}"


def test_leftovers_within_a_version_are_found(version, find):
    (version / "variables" / "variables_temp").mkdir()
    assert only(find(version)).severity == "warning"


def test_a_keras_file_is_no_model_and_the_command_exports_it(tmp_path, find):
    import keras

    (tmp_path / "net").mkdir()
    file = tmp_path / "net" / "model.keras"
    keras.Sequential([keras.Input([2], name="x"), keras.layers.Dense(1, name="y")]).save(file)
    one = only(find(tmp_path / "net"))
    assert [one] == list(check_keras_file(file))
    assert (one.severity, one.what) == ("error", "is a file of Keras, not a SavedModel")
    program = shlex.split(one.mend)
    assert program[:2] == ["python", "-c"]
    exec(program[2])
    assert "output_0" in only([one for one in find(file.with_suffix("")) if one.severity == "warning"]).what


# Files


def test_a_lost_graph(version, find):
    (version / "saved_model.pb").unlink()
    assert only(find(version)).what == "there is no saved_model.pb"


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_truncated_graph(version, find, share):
    file = version / "saved_model.pb"
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    one = only(find(version))
    assert one.severity == "error"
    assert one.where == str(version)


def test_an_empty_version(tmp_path, find):
    (tmp_path / "net" / "3").mkdir(parents=True)
    assert only(find(tmp_path / "net")).what == "there is no saved_model.pb"


def test_lost_variables(version, find):
    data = version / "variables" / "variables.data-00000-of-00001"
    index = version / "variables" / "variables.index"
    data.rename(data.with_name("variables.data-00000-of-00002"))
    assert only(find(version)).what == "variables/ lacks variables.data-00001-of-00002"
    data.with_name("variables.data-00000-of-00002").unlink()
    assert "no file variables.data-*" in only(find(version)).what
    index.unlink()
    assert "variables.index" in only(find(version)).what
    data.touch()
    assert only(find(version)).what == "the variables have no variables/variables.index"


def test_truncated_variables(version, find):
    file = version / "variables" / "variables.data-00000-of-00001"
    file.write_bytes(file.read_bytes()[:4])
    assert only(find(version)).what == "the variables' data end early: 4 bytes of at least 8"
    _, failures = measure_version(version)
    assert only(failures).what.startswith("cannot be loaded")


def test_a_truncated_index_of_the_variables(version, find):
    file = version / "variables" / "variables.index"
    file.write_bytes(file.read_bytes()[:-9])
    assert only(find(version)).what == "variables/variables.index cannot be read"


def test_changed_variables_are_found_when_the_model_is_loaded(version):
    file = version / "variables" / "variables.data-00000-of-00001"
    file.write_bytes(bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:])
    _, failures = measure_version(version)
    assert only(failures).what.startswith("cannot be loaded")


def test_files_must_match_their_recorded_digests(version, find):
    name = "variables/variables.index"
    digest = hashlib.sha256((version / name).read_bytes()).hexdigest()
    write_record(version, files={name: digest})
    assert find(version) == []
    write_record(version, files={name: digest, "assets/words.txt": digest, "saved_model.pb": digest})
    assert [one.what for one in find(version)] == [
        "assets/words.txt is missing",
        "saved_model.pb differs from the exported file (SHA-256)",
    ]


# Graphs


def save_module(path, **signatures):
    import tensorflow as tf

    module = tf.Module()
    module.functions = {
        name: tf.function(function, input_signature=specs) for name, (function, *specs) in signatures.items()
    }
    tf.saved_model.save(module, str(path), signatures=module.functions)
    write_warm_up(path)


def test_names_that_are_numbers(tmp_path, find):
    import tensorflow as tf

    spec = tf.TensorSpec([None, 2], tf.float32, name="args_0")
    save_module(tmp_path / "net/1", serving_default=(lambda args_0: {"output_0": args_0 + 1.0}, spec))
    one = only(find(tmp_path / "net"))
    assert one.severity == "warning"
    assert one.what.endswith(": args_0, output_0")


def test_images_that_clients_must_decode(tmp_path, find):
    import tensorflow as tf

    image = tf.TensorSpec([None, 8, 8, 3], tf.float32, name="image")
    text = tf.TensorSpec([None], tf.string, name="image_bytes")

    def scale(image):
        return {"mean": tf.reduce_mean(image, [1, 2, 3])}

    save_module(tmp_path / "net/1", serving_default=(scale, image))
    assert only(find(tmp_path / "net")).severity == "note"
    files = (lambda image_bytes: {"size": tf.strings.length(image_bytes)}, text)
    save_module(tmp_path / "net/2", serving_default=(scale, image), from_image_bytes=files)
    assert find(tmp_path / "net/2") == []


def test_a_function_that_only_xla_can_run(tmp_path, find):
    save(tmp_path / "net/1", jit_compile=True)
    for target, severity in [
        ("session5", "warning"),
        ("tensorflow-serving", "error"),
        ("kserve:2.20", "error"),
    ]:
        one = next(one for one in find(tmp_path / "net", target) if "XLA" in one.what)
        assert (one.severity, one.what) == (severity, "needs XLA: jit_compile=True in 1 of its functions")
    assert measure_version(tmp_path / "net/1")[1] == []


@pytest.mark.parametrize(
    ("platforms", "found"),
    [
        (["CUDA"], ["operations XlaCallModule are programs for CUDA only"]),
        (["CPU", "CUDA"], []),
        ([], []),
    ],
)
def test_programs_of_xla_and_their_platforms(version, find, platforms, found):
    def change(graph):
        node = graph.graph_def.node.add(name="program", op="XlaCallModule")
        node.attr["platforms"].list.s.extend(name.encode() for name in platforms)

    edit(version, change)
    whats = [one.what for one in find(version)]
    listed = f" for {', '.join(platforms)}" if platforms else ""
    assert whats == [*found, f"needs XLA: XlaCallModule{listed} in 1 of its operations"]


def test_custom_operations(version, find):
    edit(version, lambda graph: graph.graph_def.node.add(name="mine", op="SolveEverything"))
    one = only(find(version))
    assert (one.severity, one.what) == ("error", "operations that TensorFlow does not have: SolveEverything")


def test_operations_that_tensorflow_serving_links(version, find):
    edit(version, lambda graph: graph.graph_def.node.add(name="text", op="TFText>WhitespaceTokenize"))
    assert only(find(version)).severity == "error"
    assert only(find(version, "tensorflow-serving")).severity == "note"


def test_operations_that_are_newer_than_the_server(version, find):
    edit(version, lambda graph: graph.graph_def.node.add(name="jxl", op="DecodeJxl"))
    assert find(version) == find(version, "tensorflow-serving:2.21") == []
    new, graph = find(version, "tensorflow-serving:2.20")
    assert (new.severity, new.what) == ("error", "the operation DecodeJxl is new in 2.21")
    assert (graph.severity, graph.what.split(":")[0]) == ("note", "the graph is newer than the server")


def test_a_graph_that_the_server_refuses(version, find):
    def change(graph):
        graph.graph_def.versions.min_consumer = 2000

    edit(version, change)
    assert only(find(version, "tensorflow-serving:2.18")).severity == "error"
    assert only(find(version, "tensorflow-serving:2.19")).severity == "note"


def test_kserve_without_a_version_runs_an_old_one(version, find):
    assert "runtimeVersion" in only(find(version, "kserve")).mend


def test_rows_that_depend_on_each_other(version, find):
    write_record(version, rows_independent={"serving_default": False, "from_text": True})
    assert find(version) == []
    one = only(find(version, "tensorflow-serving"))
    assert (one.severity, one.what) == ("warning", "the rows of serving_default may depend on each other")
    assert "only if batching is enabled" in one.why


# Warm-up requests


def test_without_warm_up_requests(version, find):
    (version / "assets.extra" / "tf_serving_warmup_requests").unlink()
    one = only(find(version))
    assert (one.severity, one.what) == ("note", "there are no warm-up requests")
    assert "steady_call_ms" in measure_version(version)[0]


@pytest.mark.parametrize(
    ("signature", "inputs", "what"),
    [
        ("predict", {"x": [[1.0, 2.0]]}, "the signature predict does not exist, only serving_default"),
        ("serving_default", {"x": [[1, 2]]},
         "serving_default's input x is DT_FLOAT, and the request has DT_INT32"),
        ("serving_default", {"x": [[1.0]]},
         "serving_default's input x has the shape [-1, 2], and the request [1, 1]"),
        ("serving_default", {}, "the input x of serving_default is missing"),
        ("serving_default", {"x": [[1.0, 2.0]], "z": 1.0}, "serving_default has no input z, only x"),
    ],
)  # fmt: skip
def test_warm_up_requests_that_the_signature_refuses(version, find, signature, inputs, what):
    write_warm_up(version, (signature, inputs))
    one = only(find(version))
    assert (one.severity, one.what) == ("error", f"a warm-up request does not fit: {what}")


def test_a_damaged_warm_up_file(version, find):
    file = version / "assets.extra" / "tf_serving_warmup_requests"
    file.write_bytes(file.read_bytes()[:-3])
    assert only(find(version)).what.startswith("a warm-up request does not fit")


def test_a_model_that_refuses_its_warm_up_request(tmp_path, find):
    import tensorflow as tf

    spec = tf.TensorSpec([None], tf.float32, name="x")

    def refuse(x):
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(x > 0), ["x must be positive"])]):
            return {"y": tf.identity(x)}

    save_module(tmp_path / "net/1", serving_default=(refuse, spec))
    write_warm_up(tmp_path / "net/1", ("serving_default", {"x": [-1.0]}))
    assert find(tmp_path / "net") == []
    _, failures = measure_version(find_newest(tmp_path / "net"))
    assert only(failures).what == "answers no request: x must be positive"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "simple_rnn"])
def test_the_projects_own_exports_have_no_findings(exported, find, name):
    path = exported(name)
    assert find(path) == find(path.parent) == []
    assert measure_version(path)[1] == []
    # A heat map of the inner values is as wide as the longest text of its batch.
    allowed = "the rows of explain_text may depend on each other"
    assert [one.what for one in find(path, "tensorflow-serving") if one.what != allowed] == []

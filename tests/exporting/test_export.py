"""Exports: whole versions, signatures that say the same, nothing of XLA."""

import fcntl
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_session5 as s5
from keras_session5.data import load_data
from keras_session5.errors import DiskError, ExportError
from keras_session5.exporting import extras, max_difference, writer
from keras_session5.exporting.signatures import base, classification
from keras_session5.server.saved_model import read_meta_graph


@pytest.fixture(scope="module")
def lenet5(trained):
    return trained("lenet5")


def test_versions_are_the_next_free_integers(lenet5, tmp_path):
    (tmp_path / "lenet5" / "7").mkdir(parents=True)
    (tmp_path / "lenet5" / "notes").mkdir()
    assert s5.export(lenet5, tmp_path) == tmp_path / "lenet5" / "8"
    assert s5.export(lenet5, tmp_path) == tmp_path / "lenet5" / "9"


def test_two_exports_at_once_get_a_version_each(lenet5, tmp_path, monkeypatch):
    both = threading.Barrier(2)
    publish = writer._publish

    def publish_together(*args):
        both.wait(timeout=60)
        return publish(*args)

    monkeypatch.setattr(writer, "_publish", publish_together)
    paths = []
    threads = [threading.Thread(target=lambda: paths.append(s5.export(lenet5, tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in paths) == ["1", "2"]
    assert {child.name for child in (tmp_path / "lenet5").iterdir()} == {"1", "2"}


def test_an_export_that_disagrees_is_refused_and_leaves_nothing(lenet5, tmp_path, monkeypatch):
    predict = base.predict
    moved = lambda *arguments: {name: x + 2e-5 for name, x in predict(*arguments).items()}  # noqa: E731
    monkeypatch.setattr(base, "predict", moved)
    with pytest.raises(ExportError, match=r"must agree with the Keras model to 1e-05") as refused:
        s5.export(lenet5, tmp_path)
    (difference,) = re.findall(r"a difference of (\S+)\. Nothing", str(refused.value))
    # The graph may differ by the tolerance itself, as much as the processor's arithmetic makes it.
    assert float(difference) == pytest.approx(2e-5, abs=1e-5)
    assert not list((tmp_path / "lenet5").iterdir())


def test_an_export_that_fails_midway_leaves_nothing(lenet5, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(extras, "write_extras", full)
    with pytest.raises(OSError, match="No space left"):
        s5.export(lenet5, tmp_path)
    assert not list((tmp_path / "lenet5").iterdir())


def test_a_full_disk_is_a_sentence_and_leaves_nothing(lenet5, tmp_path, files_of_at_most):
    with files_of_at_most(10_000), pytest.raises(DiskError) as failure:
        s5.export(lenet5, tmp_path)
    assert str(failure.value) == (
        f"{tmp_path / 'lenet5'} could not be written: File too large. Nothing was exported. "
        "Free some space, and export again."
    )
    assert not list((tmp_path / "lenet5").iterdir())


@pytest.mark.parametrize("held", [False, True])
def test_an_export_removes_what_a_killed_one_has_left_and_no_other_holds(lenet5, tmp_path, held, monkeypatch):
    monkeypatch.setattr(writer, "_write", lambda path, result: path.mkdir())
    leftover = tmp_path / "lenet5" / ".writing-0123"
    (leftover / "variables").mkdir(parents=True)
    folder = os.open(tmp_path / "lenet5", os.O_RDONLY)
    try:
        if held:
            fcntl.flock(folder, fcntl.LOCK_SH)
        s5.export(lenet5, tmp_path)
        assert leftover.exists() == held
    finally:
        os.close(folder)


def test_while_it_is_written_no_reader_sees_a_version(lenet5, tmp_path, monkeypatch):
    load, seen = writer.load_signatures, []

    def watched(path):
        seen.extend(child.name for child in path.parent.iterdir())
        return load(path)

    monkeypatch.setattr(writer, "load_signatures", watched)
    s5.export(lenet5, tmp_path)
    (name,) = seen  # loaded once, for all signatures
    assert name.startswith(".writing-")


def test_what_travels_in_assets_extra(lenet5, exported):
    extra = exported("lenet5") / "assets.extra"
    assert (extra / "labels.txt").read_text().split() == list("0123456789")
    record = json.loads((extra / "model.json").read_text())
    assert (record["name"], record["data"]) == ("lenet5", "digits")
    assert record["metrics"] == lenet5.metrics
    assert record["versions"]["keras"] == keras.__version__
    assert record["run"] == str(lenet5.run_dir)
    names = ["serving_default", "from_image_bytes", "explain", "explain_image_bytes"]
    assert record["rows_independent"] == dict.fromkeys(names, True)


def test_a_signature_whose_rows_see_each_other_is_said_to(lenet5, tmp_path, monkeypatch):
    add_label = classification.add_label

    def with_shares(outputs, class_names):
        (scores,) = outputs.values()
        return add_label(outputs, class_names) | {"share": scores / tf.reduce_sum(scores, 0)}

    monkeypatch.setattr(classification, "add_label", with_shares)
    path = s5.export(lenet5, tmp_path)
    record = json.loads((path / "assets.extra" / "model.json").read_text())
    assert record["rows_independent"] == {
        "serving_default": True,
        "from_image_bytes": False,
        "explain": True,
        "explain_image_bytes": False,
    }


def test_texts_are_answered_row_by_row_even_by_chance_but_explained_with_padding(exported):
    record = json.loads((exported("gpt") / "assets.extra" / "model.json").read_text())
    answered = dict.fromkeys(["serving_default", "from_text", "sample", "explain"], True)
    # The width of an explanation is that of the longest text that is asked with it.
    assert record["rows_independent"] == {**answered, "explain_text": False}


def test_warm_up_records_ask_every_signature_that_is_asked_often(exported):
    from tensorflow_serving.apis import prediction_log_pb2

    version = exported("lenet5")
    records = tf.data.TFRecordDataset(str(version / "assets.extra" / "tf_serving_warmup_requests"))
    requests = [prediction_log_pb2.PredictionLog.FromString(r.numpy()).predict_log.request for r in records]
    loaded = tf.saved_model.load(str(version))
    often = [name for name in loaded.signatures if not name.startswith("explain")]
    assert [r.model_spec.signature_name for r in requests] == often
    for request in requests:
        inputs = {name: tf.make_ndarray(tensor) for name, tensor in request.inputs.items()}
        loaded.signatures[request.model_spec.signature_name](**{k: tf.constant(v) for k, v in inputs.items()})


def test_explanations_ask_for_standard_operations_only(exported):
    """Stock TensorFlow Serving has all that TensorFlow registers, and nothing of Python's or XLA's."""
    for name in ("lenet5", "simple_rnn"):
        graph = read_meta_graph(str(exported(name)), frozenset(["serve"]))
        functions = {function.signature.name for function in graph.graph_def.library.function}
        nodes = [node for function in graph.graph_def.library.function for node in function.node_def]
        used = {node.op for node in [*nodes, *graph.graph_def.node]} - functions
        assert used <= set(tf.raw_ops.__dict__)
        assert not {op for op in used if op.startswith("Xla") or "PyFunc" in op}


def test_a_model_trained_with_xla_is_exported_without(tmp_path):
    """Stock TensorFlow Serving refuses graphs that must be compiled by XLA."""
    result = s5.train("mlp", epochs=1, xla="on", runs_dir=tmp_path / "runs", verbose=0, dashboard=False)
    assert result.jit_compile
    path = s5.export(result, tmp_path)
    assert b"_XlaMustCompile" not in (path / "saved_model.pb").read_bytes()


def test_images_of_any_kind_and_size_are_understood(exported):
    signatures = tf.saved_model.load(str(exported("lenet5"))).signatures
    image = load_data("digits").test.inputs[3]
    large = tf.image.resize(image, (280, 280), method="nearest").numpy().astype("uint8")
    colour, clear = np.repeat(large, 3, -1), np.full_like(large, 255)
    files = [
        tf.io.encode_png(image),
        tf.io.encode_png(large),
        tf.io.encode_png(colour),
        tf.io.encode_png(np.concatenate([colour, clear], -1)),
        tf.io.encode_jpeg(colour, quality=100),
        tf.io.encode_png(large.astype("uint16") * 257),
    ]
    answer = signatures["from_image_bytes"](image_bytes=tf.stack(files))
    plain = signatures["serving_default"](image=tf.constant(image[None], tf.float32))["probabilities"]
    np.testing.assert_allclose(answer["probabilities"][0], plain[0], atol=1e-6)
    # The enlarged digit is framed anew, from whatever file.
    np.testing.assert_allclose(
        answer["probabilities"][2:], np.repeat(answer["probabilities"][1:2], 4, 0), atol=0.05
    )
    assert len(set(answer["label"].numpy()[1:])) == 1


@pytest.mark.parametrize(
    ("name", "wrong", "sentence"),
    [
        ("lenet5", {"image": np.full((1, 28, 28, 1), np.nan)}, "A pixel must be from 0 to 255"),
        ("lenet5", {"image": np.full((2, 28, 28, 1), -1.0)}, "A pixel must be from 0 to 255"),
        ("lenet5", {"image": np.full((1, 28, 28, 1), 256.0)}, "A pixel must be from 0 to 255"),
        ("mlp_xor", {"inputs": np.array([[0.0, np.inf]])}, "An input must be a finite number"),
        ("simple_rnn", {"tokens": np.array([[2, -1]])}, r"A token id must be from 0 to \d+"),
        ("simple_rnn", {"tokens": np.array([[2, 10**6]])}, r"A token id must be from 0 to \d+"),
        ("transformer", {"source": np.array([[2, -1]]), "target": np.array([[2]])}, "A token id must be"),
    ],
)
def test_inputs_outside_of_their_range_are_refused(exported, name, wrong, sentence):
    loaded = tf.saved_model.load(str(exported(name)))
    for signature in ("serving_default", "explain"):
        ask = loaded.signatures[signature]
        specs = ask.structured_input_signature[1]
        inputs = {key: tf.cast(value, specs[key].dtype) for key, value in wrong.items()}
        with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
            ask(**inputs)


def test_texts_mean_the_ids_that_the_network_was_trained_on(exported):
    signatures = tf.saved_model.load(str(exported("simple_rnn"))).signatures
    data = load_data("place_names")
    texts = [text.encode() for text in data.test.texts]
    answer = signatures["from_text"](text=tf.constant(texts))
    plain = signatures["serving_default"](tokens=tf.constant(data.test.inputs))["probabilities"]
    np.testing.assert_allclose(answer["probabilities"], plain, atol=1e-6)
    expected = [data.class_names[i].encode() for i in np.argmax(plain, -1)]
    assert answer["label"].numpy().tolist() == expected


def test_unknown_characters_are_one_unknown_and_an_empty_text_is_refused(exported):
    loaded = tf.saved_model.load(str(exported("simple_rnn")))  # a signature does not hold the model
    ask = loaded.signatures["from_text"]
    cyrillic, chinese = ask(text=tf.constant(["Ж", "中"]))["probabilities"]
    np.testing.assert_array_equal(cyrillic, chinese)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have at least one character"):
        ask(text=tf.constant(["Paris", ""]))


SHAPES = [(), (2,), (1, 2), (1, 28, 28), (1, 28, 28, 3), (1, 0, 0, 1), (1, 28, 28, 1, 1)]


@pytest.fixture(scope="module")
def refusals(exported):
    """What a process of its own printed of each shape: without the graph's check, a convolution aborts."""
    code = f"""
import tensorflow as tf
loaded = tf.saved_model.load({str(exported("lenet5"))!r})
for shape in {SHAPES!r}:
    for name in ("serving_default", "explain"):
        try:
            loaded.signatures[name](image=tf.zeros(shape))
        except tf.errors.InvalidArgumentError as error:
            print(shape, error.message.replace(chr(10), " "), flush=True)
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_images_of_another_shape_are_refused_and_end_no_process(refusals, shape):
    assert refusals.returncode == 0, refusals.stderr
    of_shape = [line for line in refusals.stdout.splitlines() if line.startswith(f"{shape} ")]
    assert len(of_shape) == 2
    assert all("is not compatible with expected shape [?,28,28,1]" in line for line in of_shape)


def test_sequences_that_are_too_long_or_empty_are_refused(trained, tmp_path):
    model = s5.build("transformer_encoder", num_layers=1, mlp_dim=8, max_length=70)
    path = s5.export(replace(trained("transformer_encoder"), model=model), tmp_path)
    signatures = tf.saved_model.load(str(path)).signatures
    for length, sentence in ((71, "at most 70 tokens"), (0, "at least one token")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
            signatures["serving_default"](tokens=tf.ones((1, length), tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="at most 70 tokens"):
        signatures["from_text"](text=tf.constant(["a" * 71]))
    signatures["from_text"](text=tf.constant(["a" * 70]))


def test_a_network_can_be_exported_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    s5.train("perceptron", verbose=0, dashboard=False)
    for name in ("perceptron", "threshold_unit"):  # the second needs no run
        assert s5.export(name) == Path("saved_models") / name / "1"


def test_another_text_is_an_infinite_difference():
    texts = {"text": np.array([b"2020-03-12"], object)}
    assert max_difference(texts, {"text": np.array([b"2020-03-12"], object)}) == 0
    assert max_difference(texts, {"text": np.array([b"2020-03-13"], object)}) == np.inf


def test_the_greatest_difference_is_honest_about_shapes_and_nan():
    one = {"y": np.array([[1.0, 2.0]])}
    assert max_difference(one, {"y": np.array([[1.0, 2.5]])}) == 0.5
    assert max_difference(one, {"y": np.array([[1.0, np.nan]])}) == np.inf
    assert max_difference(one, {"y": np.array([[1.0]])}) == np.inf
    assert max_difference(one, {"y": np.array([[1.0, 2.5]])}, relative=True) == 0.25
    assert max_difference({"y": np.array([0.1])}, {"y": np.array([0.2])}, relative=True) == 0.1
    nan = {"y": np.array([np.nan])}
    assert max_difference(nan, nan) == np.inf


def test_another_backend_is_told_the_way_out(lenet5, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ExportError, match="KERAS_BACKEND=tensorflow session5 export lenet5"):
        s5.export(lenet5, tmp_path)

"""Loading SavedModels, and the warm-up requests that they bring along."""

import gc
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_session5.errors import (
    DataLossError,
    InternalError,
    NotFoundError,
    ServingError,
    UnimplementedError,
)
from keras_session5.server.codecs.tensors import decode_tensor
from keras_session5.server.predict import plan
from keras_session5.server.runtime import SavedModel, Servable
from keras_session5.server.warmup import warm_up


def ask(model: Servable, signature: str, inputs: dict) -> dict[str, np.ndarray]:
    run = plan(model.signatures, signature, inputs, decode_tensor)
    return run.result(model.run(run.feeds, run.fetches))


@pytest.fixture
def version(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved / "half/1", tmp_path / "1"))


def test_a_folder_without_a_saved_model_is_not_found(tmp_path: Path):
    with pytest.raises(NotFoundError) as caught:
        SavedModel(str(tmp_path))
    assert str(caught.value).startswith(
        f"Could not find SavedModel .pb or .pbtxt at supplied export directory path: {tmp_path}"
    )


def test_other_tags_are_not_found(version: Path):
    with pytest.raises(
        NotFoundError, match=r"^Could not find meta graph def matching supplied tags: \{ tpu \}"
    ):
        SavedModel(str(version), frozenset({"tpu"}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: (path / "saved_model.pb").write_bytes(b"no protocol buffer"),
        lambda path: (path / "saved_model.pb").write_bytes((path / "saved_model.pb").read_bytes()[:900]),
        lambda path: shutil.rmtree(path / "variables"),
        lambda path: next(path.glob("variables/*data*")).write_bytes(b"short"),
    ],
)
def test_a_damaged_version_is_a_serving_error(version: Path, damage: Callable[[Path], object]):
    damage(version)
    with pytest.raises(ServingError):
        SavedModel(str(version))


def test_a_dropped_model_is_freed(version: Path):
    model = SavedModel(str(version))
    session = weakref.ref(model._session)
    outputs = ask(model, "serving_default", {"x": tf.make_tensor_proto(np.ones(1, np.float32))})
    assert outputs["y"] == 2.5
    del model
    gc.collect()
    assert session() is None


def test_defaults_stand_in_for_inputs_that_are_not_sent(saved: Path):
    model = SavedModel(str(saved / "pair/7"))
    signature = model.signatures["scalar"]
    signature.defaults["b"].CopyFrom(tf.make_tensor_proto(np.array([10.0], np.float32)))
    outputs = ask(model, "scalar", {"a": tf.make_tensor_proto(np.array([1.0], np.float32))})
    np.testing.assert_array_equal(outputs["rows"], [11.0])
    with pytest.raises(ServingError, match=r"^Signature input alias: a"):
        ask(model, "scalar", {"b": signature.defaults["b"]})
    with pytest.raises(ServingError) as caught:
        ask(model, "scalar", {"a": signature.defaults["b"], "z": signature.defaults["b"]})
    assert str(caught.value) == "Inputs contains invalid name. Used request inputs: a, request input: a,z"


def _record(x: np.ndarray) -> prediction_log_pb2.PredictionLog:
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.inputs["x"].CopyFrom(tf.make_tensor_proto(x))
    return log


def _write_records(version: Path, *records: bytes) -> Path:
    (version / "assets.extra").mkdir()
    path = version / "assets.extra/tf_serving_warmup_requests"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return path


class Counting:
    """A servable that counts its runs."""

    def __init__(self, path: Path):
        self.model, self.runs = SavedModel(str(path)), 0
        self.signatures = self.model.signatures

    def run(self, feeds, fetches):
        self.runs += 1
        return self.model.run(feeds, fetches)


def test_every_warm_up_record_is_run_as_often_as_asked(version: Path):
    _write_records(version, *[_record(np.ones(1, np.float32)).SerializeToString()] * 2)
    servable = Counting(version)
    warm_up(servable, str(version), 3)
    assert servable.runs == 6


def test_a_version_without_warm_up_records_is_fine(version: Path):
    servable = Counting(version)
    warm_up(servable, str(version), 1)
    assert servable.runs == 0


def test_a_record_that_is_not_replayed_by_upstream_fails_the_load(version: Path):
    log = prediction_log_pb2.PredictionLog()
    log.session_run_log.SetInParent()
    _write_records(version, log.SerializeToString())
    with pytest.raises(UnimplementedError, match=r"^Unsupported log_type for warmup: 5$"):
        warm_up(Counting(version), str(version), 1)


def test_a_failing_or_unreadable_record_fails_the_load(version: Path):
    path = _write_records(version, _record(np.array([b"text"], object)).SerializeToString())
    with pytest.raises(ServingError, match="Expects arg"):
        warm_up(Counting(version), str(version), 1)
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"\xff\xff")
    with pytest.raises(ServingError, match=r"^Failed to parse warmup record: "):
        warm_up(Counting(version), str(version), 1)
    path.write_bytes(b"no record file at all, but long enough")
    with pytest.raises(DataLossError, match="Please verify your warmup data is in TFRecord format"):
        warm_up(Counting(version), str(version), 1)


def test_more_than_a_thousand_records_fail_the_load(version: Path):
    _write_records(version, *[_record(np.ones(1, np.float32)).SerializeToString()] * 1001)
    with pytest.raises(InternalError, match=r"^Number of warmup records exceeds the maximum \(1000\) at "):
        warm_up(Counting(version), str(version), 1)


def test_outputs_that_need_a_loop_are_told_apart(tmp_path: Path):
    spec = tf.TensorSpec([None], tf.float32, name="x")
    module = tf.Module()
    module.plain = tf.function(lambda x: {"y": 2 * x}, [spec])
    module.mapped = tf.function(lambda x: {"y": tf.map_fn(lambda one: 2 * one, x), "z": 2 * x}, [spec])
    tf.saved_model.save(module, str(tmp_path), {"plain": module.plain, "mapped": module.mapped})
    model = SavedModel(str(tmp_path))
    steady = {
        name: model.is_steady([info.name for info in signature.outputs.values()])
        for name, signature in model.signatures.items()
        if not name.startswith("__")
    }
    assert steady == {"plain": True, "mapped": False}

"""A small sound model, and what the checks find."""

import json
import shutil

import pytest

from keras_session5.checking.model import check_model, find_models
from keras_session5.checking.operations import parse_target


def write_warm_up(version, *requests):
    """Writes warm-up requests: (signature, inputs by name)."""
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    (version / "assets.extra").mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(version / "assets.extra" / "tf_serving_warmup_requests")) as writer:
        for signature, inputs in requests:
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            writer.write(log.SerializeToString())


def write_record(version, **record):
    (version / "assets.extra").mkdir(exist_ok=True)
    (version / "assets.extra" / "model.json").write_text(json.dumps(record))


def edit(version, change):
    """Changes the graph of a SavedModel."""
    from tensorflow.core.protobuf import saved_model_pb2

    file = version / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    change(saved.meta_graphs[0])
    file.write_bytes(saved.SerializeToString())


def save(path, **options):
    """Saves `y = x @ weights`; the options are those of `tf.function`."""
    import tensorflow as tf

    module = tf.Module()
    module.weights = tf.Variable([[1.0], [2.0]])
    spec = tf.TensorSpec([None, 2], tf.float32, name="x")

    @tf.function(**options)
    def multiply(x):
        return x @ module.weights

    @tf.function(input_signature=[spec])
    def serving_default(x):
        return {"y": multiply(x)}

    tf.saved_model.save(module, str(path), signatures={"serving_default": serving_default})
    write_warm_up(path, ("serving_default", {"x": [[1.0, 2.0]]}))


@pytest.fixture(scope="session")
def sound(once):
    return once("checked", lambda folder: save(folder / "half" / "1")) / "half"


@pytest.fixture
def base(sound, tmp_path):
    """The base path of a sound model, which the test may spoil."""
    shutil.copytree(sound, tmp_path / "half")
    return tmp_path / "half"


@pytest.fixture
def version(base):
    return base / "1"


@pytest.fixture
def find():
    """Path and target -> the findings of its models as (severity, what)."""

    def find(path, target="session5"):
        found = [one for model in find_models(path) for one in check_model(model, parse_target(target))]
        assert all(one.where and one.why and one.mend for one in found)
        return found

    return find

"""The curl line that `session5 serve` prints: the server has answered it."""

import json
import subprocess
from types import SimpleNamespace

import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_session5.cli.example import make_curl_line
from keras_session5.server import serve


class Particular(tf.Module):
    """Numbers must be positive; texts must begin with a class, as GPT's must."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
    def root(self, x):
        tf.debugging.assert_positive(x)
        return {"y": tf.sqrt(x)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def read(self, text):
        tf.debugging.Assert(tf.reduce_all(tf.strings.regex_full_match(text, "German: .*")), [text])
        return {"length": tf.strings.length(text), "text": text}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """`particular` without an example, and `warm` with one of its text in its warm-up file."""
    folder, module = tmp_path_factory.mktemp("models"), Particular()
    for name in ("particular", "warm"):
        signatures = {"serving_default": module.root, "from_text": module.read}
        tf.saved_model.save(module, folder / name / "1", signatures)
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.signature_name = "from_text"
    request.inputs["text"].CopyFrom(tf.make_tensor_proto(["German: L'Öl"]))
    extras = folder / "warm" / "1" / "assets.extra"
    extras.mkdir()
    with tf.io.TFRecordWriter(str(extras / "tf_serving_warmup_requests")) as writer:
        writer.write(log.SerializeToString())
    return folder


def test_it_is_what_the_model_was_warmed_up_with(models):
    with serve({name: models / name for name in ("particular", "warm")}) as server:
        line = make_curl_line(server)
        answer = subprocess.run(f"{line} -sf", shell=True, capture_output=True, check=True)
    assert "German: L" in line
    assert json.loads(answer.stdout)["outputs"] == {"length": [13], "text": ["German: L'Öl"]}


def test_what_the_server_refuses_is_not_printed(models):
    with serve({"particular": models / "particular"}) as server:
        assert make_curl_line(server) == f"curl {server.rest_address}/v1/models/particular/metadata"


def test_an_example_that_cannot_be_made_ends_no_server(tmp_path):
    version = SimpleNamespace(state=SimpleNamespace(name="AVAILABLE"), number=1)
    model = SimpleNamespace(name="m", versions=[version], base_path=tmp_path)
    nobody = SimpleNamespace(models=lambda: [model], rest_address="http://127.0.0.1:9")
    assert make_curl_line(nobody) == "curl http://127.0.0.1:9/v1/models/m/metadata"

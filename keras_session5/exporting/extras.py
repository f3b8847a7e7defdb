"""The files in a version's `assets.extra/`: labels, the model's record and warm-up requests."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_session5.data import DataSet
from keras_session5.training import Result

FOLDER = "assets.extra"
RECORD = "model.json"
WARMUP = "tf_serving_warmup_requests"  # TensorFlow Serving's name for it


def write_extras(
    version_dir: Path,
    result: Result,
    data: DataSet,
    examples: Mapping[str, Mapping[str, np.ndarray]],
    rows_independent: Mapping[str, bool],
) -> None:
    """Writes `labels.txt`, `model.json` and the warm-up requests, one for each signature with examples.

    Args:
        examples: signature name -> input name -> array whose first row is used. Without rarely used
            signatures a server loads faster, and their first caller waits.
        rows_independent: signature name -> whether a row's outputs are the same alone and in a batch. A
            server merges requests only if `rows_independent` in `model.json` is true for the signature.
    """
    folder = version_dir / FOLDER
    folder.mkdir()
    if data.class_names:
        lines = "".join(f"{name}\n" for name in data.class_names)
        (folder / "labels.txt").write_text(lines, "utf-8")
    record = {key: result.record[key] for key in ("name", "data", "data_source", "metrics", "parameters")}
    record |= {key: result.record[key] for key in ("seed", "epochs", "arguments", "versions")}
    record |= {"run": str(result.run_dir), "exported": datetime.now(UTC).isoformat(timespec="seconds")}
    record |= {"rows_independent": dict(rows_independent)}
    (folder / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with tf.io.TFRecordWriter(str(folder / WARMUP)) as writer:
        for signature, inputs in examples.items():
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = result.name
            request.model_spec.signature_name = signature
            for key, array in inputs.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(array[:1] if array.ndim else array))
            writer.write(log.SerializeToString())

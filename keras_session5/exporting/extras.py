"""The files in a version's `assets.extra/`: labels, tokenizer, the model's record and warm-up requests."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from keras_session5.exporting.exportable import Exportable

FOLDER = "assets.extra"
RECORD = "model.json"
TOKENIZER = "tokenizer.json"
WARMUP = "tf_serving_warmup_requests"  # TensorFlow Serving's name for it


def write_extras(version_dir: Path, exported: Exportable, rows_independent: Mapping[str, bool]) -> None:
    """Writes `labels.txt`, warm-up requests and `model.json`, which holds the SHA-256 of all other files.

    There is a warm-up request for each signature that does not explain: without rarely used signatures a
    server loads faster, and their first caller waits.

    Args:
        version_dir: of the finished SavedModel.
        rows_independent: signature name -> whether a row's outputs are the same alone and in a batch. A
            server merges requests only if `rows_independent` in `model.json` is true for the signature.
    """
    folder = version_dir / FOLDER
    folder.mkdir()
    if exported.class_names:
        lines = "".join(f"{name}\n" for name in exported.class_names)
        (folder / "labels.txt").write_text(lines, "utf-8")
    if exported.tokenizer:
        shutil.copyfile(exported.tokenizer, folder / TOKENIZER)
    _write_warm_up(folder / WARMUP, exported)
    record = dict(exported.record) | {"exported": datetime.now(UTC).isoformat(timespec="seconds")}
    record |= {"rows_independent": dict(rows_independent), "files": _hash_files(version_dir)}
    (folder / RECORD).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _write_warm_up(path: Path, exported: Exportable) -> None:
    """Writes the first row of every signature's examples as a request."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for name, signature in exported.signatures.items():
            if signature.explains:
                continue
            log = prediction_log_pb2.PredictionLog()
            request = log.predict_log.request
            request.model_spec.name = exported.name
            request.model_spec.signature_name = name
            for key, array in signature.examples.items():
                request.inputs[key].CopyFrom(tf.make_tensor_proto(array[:1] if array.ndim else array))
            writer.write(log.SerializeToString())


def _hash_files(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file in a folder, by its path relative to the folder."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found

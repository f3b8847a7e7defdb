"""Replays the requests stored with a SavedModel, so that its first client does not wait."""

import logging
import os
import time
from collections.abc import Iterator

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis import prediction_log_pb2

from keras_session5.errors import DataLossError, InternalError, InvalidArgumentError, UnimplementedError
from keras_session5.server.codecs.tensors import decode_tensor
from keras_session5.server.inference import plan_examples, plan_multi_inference
from keras_session5.server.predict import CLASSIFY_METHOD, DEFAULT_SIGNATURE, REGRESS_METHOD, plan
from keras_session5.server.runtime import Servable

log = logging.getLogger(__name__)

FILE = os.path.join("assets.extra", "tf_serving_warmup_requests")
_MAX_RECORDS = 1000
_METHODS = {"classify_log": CLASSIFY_METHOD, "regress_log": REGRESS_METHOD}


def warm_up(servable: Servable, path: str, iterations: int, check_method_names: bool = False) -> int:
    """Runs every record of a version's warm-up file and returns their number; 0 without a file.

    Args:
        servable: the loaded version.
        path: the version's folder.
        iterations: the number of runs of each record.
        check_method_names: whether a signature must be made for the method that a record calls.

    Raises:
        ServingError: the file is invalid, or a record fails; the version must not be served.
    """
    file = os.path.join(path, FILE)
    if not os.path.isfile(file):
        return 0
    began, count = time.monotonic(), 0
    for count, record in enumerate(records(file), 1):
        if count > _MAX_RECORDS:
            raise InternalError(f"Number of warmup records exceeds the maximum ({_MAX_RECORDS}) at {file}")
        for _ in range(iterations):
            _replay(servable, record, check_method_names)
    log.info("Ran %d warm-up records of %s in %.2f s", count, path, time.monotonic() - began)
    return count


def records(file: str) -> Iterator[prediction_log_pb2.PredictionLog]:
    """Yields the records of a warm-up file.

    Raises:
        ServingError: the file is invalid.
    """
    try:
        for data in tf.data.TFRecordDataset(file).as_numpy_iterator():
            yield prediction_log_pb2.PredictionLog.FromString(data)
    except DecodeError as error:
        raise InvalidArgumentError(f"Failed to parse warmup record: {error} from {file}") from error
    except tf.errors.DataLossError as error:
        message = error.message.rpartition("}} ")[2].partition(" [Op:")[0]  # without Python's additions
        raise DataLossError(f"{message}. Please verify your warmup data is in TFRecord format.") from error


def _replay(servable: Servable, record: prediction_log_pb2.PredictionLog, check_method_names: bool) -> None:
    kind, signatures = record.WhichOneof("log_type"), servable.signatures
    if kind == "multi_inference_log":
        run = plan_multi_inference(signatures, record.multi_inference_log.request, check_method_names)
    elif kind in ("predict_log", *_METHODS):
        request = getattr(record, kind).request
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        if kind == "predict_log":
            inputs, output_filter = request.inputs, request.output_filter
            run = plan(signatures, name, inputs, decode_tensor, output_filter, check_method_names)
        else:
            run = plan_examples(signatures, name, _METHODS[kind], request.input, check_method_names)
    else:  # TensorFlow Serving replays no others either
        number = record.DESCRIPTOR.fields_by_name[kind].number if kind else 0
        raise UnimplementedError(f"Unsupported log_type for warmup: {number}")
    run.result(servable.run(run.feeds, run.fetches))

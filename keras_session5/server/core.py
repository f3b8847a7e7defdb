"""Answers requests. It speaks the messages of TensorFlow Serving's API and knows no transport."""

from collections.abc import Iterator
from contextlib import contextmanager

from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
    predict_pb2,
)

from keras_session5.errors import InvalidArgumentError, NotFoundError
from keras_session5.server.codecs.json_request import PredictBody
from keras_session5.server.codecs.json_response import write_predictions
from keras_session5.server.codecs.tensors import decode_tensor, encode_tensor
from keras_session5.server.predict import DEFAULT_SIGNATURE, predict
from keras_session5.server.repository import Repository
from keras_session5.server.runtime import Servable, SignatureDef
from keras_session5.server.version import VersionStatus

_SIGNATURES = "signature_def"


class Core:
    """One method for each kind of request; each raises `ServingError` with upstream's text.

    Args:
        repository: where the models are.
    """

    def __init__(self, repository: Repository):
        self._repository = repository

    def predict(self, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
        """Runs a signature of a model."""
        name = request.model_spec.signature_name or DEFAULT_SIGNATURE
        with self._servable(request) as (number, servable):
            outputs = predict(servable, name, request.inputs, decode_tensor, request.output_filter)
        response = predict_pb2.PredictResponse()
        _fill_spec(response.model_spec, request.model_spec.name, number, name)
        for alias, array in outputs.items():
            response.outputs[alias].CopyFrom(encode_tensor(array))
        return response

    def predict_json(self, spec: model_pb2.ModelSpec, body: bytes) -> bytes:
        """Runs a signature of a model on a JSON body and returns the reply's JSON."""
        parsed = PredictBody.parse(body)
        name = parsed.signature_name or DEFAULT_SIGNATURE
        with self._servable(predict_pb2.PredictRequest(model_spec=spec)) as (_, servable):
            inputs, form = parsed.tensors(_signature(servable, name).inputs)
            outputs = predict(servable, name, inputs, lambda array: array)
        return write_predictions(outputs, form)

    def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Tells the signatures of a model."""
        if not request.metadata_field:
            raise InvalidArgumentError("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != _SIGNATURES:
                raise InvalidArgumentError(f"Metadata field {field} is not supported")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        with self._servable(request) as (number, servable):
            _fill_spec(response.model_spec, request.model_spec.name, number)
            response.metadata[_SIGNATURES].Pack(_signature_map(servable))
        return response

    def get_model_status(
        self, request: get_model_status_pb2.GetModelStatusRequest
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Tells the state of one version of a model, or of every version ever seen, highest first."""
        if not request.HasField("model_spec"):
            raise InvalidArgumentError("Missing ModelSpec")
        spec = request.model_spec
        statuses = self._repository.statuses(spec.name)
        if spec.HasField("version"):
            statuses = [status for status in statuses if status.number == spec.version.value]
            if not statuses:
                raise NotFoundError(f"Could not find version {spec.version.value} of model {spec.name}")
        if not statuses:
            raise NotFoundError(f"Could not find any versions of model {spec.name}")
        response = get_model_status_pb2.GetModelStatusResponse()
        response.model_version_status.extend(_version_status(status) for status in statuses)
        return response

    @contextmanager
    def _servable(
        self, request: predict_pb2.PredictRequest | get_model_metadata_pb2.GetModelMetadataRequest
    ) -> Iterator[tuple[int, Servable]]:
        if not request.HasField("model_spec"):
            raise InvalidArgumentError("Missing ModelSpec")
        spec = request.model_spec
        if not spec.name:
            raise InvalidArgumentError("ModelSpec has no name specified.")
        number = spec.version.value if spec.HasField("version") else None
        label = spec.version_label if spec.HasField("version_label") else None
        with self._repository.use(spec.name, number, label) as lent:
            yield lent


def _signature(servable: Servable, name: str) -> SignatureDef:
    # Over REST it is looked up before the inputs can be read, and upstream then says this.
    if name not in servable.signatures:
        raise InvalidArgumentError(f'Serving signature name: "{name}" not found in signature def')
    return servable.signatures[name]


def _signature_map(servable: Servable) -> get_model_metadata_pb2.SignatureDefMap:
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in servable.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
        signatures.signature_def[name].ClearField("defaults")  # they may be large
    return signatures


def _fill_spec(spec: model_pb2.ModelSpec, name: str, number: int, signature_name: str = "") -> None:
    spec.name = name
    spec.version.value = number
    spec.signature_name = signature_name


def _version_status(status: VersionStatus) -> get_model_status_pb2.ModelVersionStatus:
    message = get_model_status_pb2.ModelVersionStatus(version=status.number, state=int(status.state))
    message.status.SetInParent()
    if status.error:
        message.status.error_code = status.error.number
        message.status.error_message = str(status.error)
    return message

"""The transport over TensorFlow Serving's gRPC API."""

from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np

from keras_session5.client import protos, tensor_proto
from keras_session5.client.address import Address
from keras_session5.client.deadline import Deadline
from keras_session5.client.grpc_errors import to_serving_error
from keras_session5.client.records import ModelMetadata, ModelSpec, Signature, TensorInfo, VersionStatus
from keras_session5.errors import CancelledError, InvalidArgumentError, UnimplementedError

_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # a model server runs nearby
    ("grpc.use_local_subchannel_pool", 1),  # one client's failures do not delay another
    ("grpc.max_reconnect_backoff_ms", 1000),  # reconnects to a restarted server within a second
]
_MAX_MESSAGE_BYTES = 2**31 - 1  # limit of a protocol buffer


class GrpcTransport:
    """Queries one server over gRPC; safe to use from any number of threads."""

    def __init__(self, address: Address) -> None:
        self._where = address.text
        self._channel = grpc.insecure_channel(address.target, _OPTIONS)
        self._predict = self._make_method("PredictionService/Predict", protos.PredictResponse)
        self._metadata = self._make_method(
            "PredictionService/GetModelMetadata", protos.GetModelMetadataResponse
        )
        self._status = self._make_method("ModelService/GetModelStatus", protos.GetModelStatusResponse)

    def predict(
        self,
        model: ModelSpec,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, TensorInfo],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs by name; responses carry names and dtypes, so `outputs` is unused."""
        size = sum(array.nbytes for array in inputs.values())
        if size > _MAX_MESSAGE_BYTES:
            raise InvalidArgumentError(
                f"A gRPC message holds at most 2 GiB. Send fewer samples at once. Received: {size:,} bytes"
            )
        request = _make_request(protos.PredictRequest, model)
        request.model_spec.signature_name = signature_name
        for name, array in inputs.items():
            tensor_proto.write(array, request.inputs[name])
        response = self._call(self._predict, request, deadline)
        return {name: tensor_proto.read(proto) for name, proto in response.outputs.items()}

    def metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata:
        """Returns the signatures of the version that the server chooses, and its number."""
        request = _make_request(protos.GetModelMetadataRequest, model)
        request.metadata_field.append("signature_def")
        response = self._call(self._metadata, request, deadline)
        definitions = protos.SignatureDefMap.FromString(response.metadata["signature_def"].value)
        return ModelMetadata(
            response.model_spec.version.value,
            {
                name: Signature(_read_tensor_infos(definition.inputs), _read_tensor_infos(definition.outputs))
                for name, definition in definitions.signature_def.items()
            },
        )

    def status(self, model: ModelSpec, deadline: Deadline) -> list[VersionStatus]:
        """Returns the state of every version, in the server's order."""
        response = self._call(self._status, _make_request(protos.GetModelStatusRequest, model), deadline)
        return [
            VersionStatus(one.version, protos.version_state_name(one.state), one.status.error_message)
            for one in response.model_version_status
        ]

    def models(self, deadline: Deadline) -> dict[str, list[VersionStatus]]:
        """Always raises `UnimplementedError`, because the gRPC API has no such call."""
        raise UnimplementedError(
            f"The server at {self._where} cannot list its models over gRPC, which has no such call. "
            f"Use the REST API's address, http://HOST:PORT, or name the models."
        )

    def close(self) -> None:
        """Closes the channel; calls in progress are cancelled."""
        self._channel.close()

    def _make_method(self, name: str, response: Any) -> Callable:
        path = f"/tensorflow.serving.{name}"
        return self._channel.unary_unary(path, response_deserializer=response.FromString)

    def _call(self, method: Callable, request: Any, deadline: Deadline) -> Any:
        try:
            return method(request.SerializeToString(), timeout=deadline.left_s())
        except grpc.RpcError as error:
            raise to_serving_error(error, self._where, deadline) from error
        except ValueError as error:  # the channel is closed
            raise CancelledError(f"The client of {self._where} was closed during the call.") from error


def _make_request(kind: Any, model: ModelSpec) -> Any:
    request = kind()
    request.model_spec.name = model.name
    if model.version is not None:
        request.model_spec.version.value = model.version
    if model.label is not None:
        request.model_spec.version_label = model.label
    return request


def _read_tensor_infos(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
    tensors = {}
    for name, info in infos.items():
        dims = [dim.size for dim in info.tensor_shape.dim]
        tensors[name] = TensorInfo.of(protos.data_type_name(info.dtype), dims, info.tensor_shape.unknown_rank)
    return tensors

"""The gRPC API of the tiny TensorFlow Serving: tensors out as typed fields, as TensorFlow Serving does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np

from keras_session5.client import protos

from .fake_serving import NUMPY, FakeError, FakeServing, Tensors

_FIELDS = {
    "DT_BOOL": "bool_val",
    "DT_INT64": "int64_val",
    "DT_UINT64": "uint64_val",
    "DT_FLOAT": "float_val",
    "DT_DOUBLE": "double_val",
    "DT_STRING": "string_val",
}


@contextmanager
def serve_grpc(fake: FakeServing, address: str = "127.0.0.1:0") -> Iterator[str]:
    """Yields the address `host:port` on which the models are served."""
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", -1)])
    server.add_generic_rpc_handlers((_Handler(fake),))
    port = server.add_insecure_port(address)
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, fake: FakeServing) -> None:
        self._methods = {
            "/tensorflow.serving.PredictionService/Predict": (_predict, protos.PredictRequest),
            "/tensorflow.serving.PredictionService/GetModelMetadata": (
                _metadata,
                protos.GetModelMetadataRequest,
            ),
            "/tensorflow.serving.ModelService/GetModelStatus": (_status, protos.GetModelStatusRequest),
        }
        self._fake = fake

    def service(self, handler_call_details: Any) -> Any:
        if handler_call_details.method not in self._methods:
            return None
        method, kind = self._methods[handler_call_details.method]
        return grpc.unary_unary_rpc_method_handler(self._guard(method), kind.FromString)

    def _guard(self, method: Callable) -> Callable:
        def answer(request: Any, context: Any) -> bytes:
            try:
                return method(self._fake, request).SerializeToString()
            except FakeError as error:
                context.abort(getattr(grpc.StatusCode, error.code), error.text)
                raise

        return answer


def _which(request: Any) -> tuple[str, int | None, str | None]:
    spec = request.model_spec
    version = spec.version.value if spec.HasField("version") else None
    return spec.name, version, spec.version_label or None


def _predict(fake: FakeServing, request: Any) -> Any:
    signature = fake.predict(*_which(request), request.model_spec.signature_name)
    if set(request.inputs) != set(signature.inputs):
        missing = ",".join(set(signature.inputs) - set(request.inputs))
        raise FakeError("INVALID_ARGUMENT", f"Missing named input: {missing} in 'inputs' object.")
    inputs = {alias: _array(proto) for alias, proto in request.inputs.items()}
    response = protos.PredictResponse()
    for alias, array in signature.call(inputs).items():
        _fill(response.outputs[alias], array, signature.outputs[alias][0])
    return response


def _metadata(fake: FakeServing, request: Any) -> Any:
    version, model = fake.metadata(*_which(request))
    definitions = protos.SignatureDefMap()
    definitions.signature_def["__saved_model_init_op"].method_name = ""
    for name, signature in model.items():
        _infos(definitions.signature_def[name].inputs, signature.inputs)
        _infos(definitions.signature_def[name].outputs, signature.outputs)
    response = protos.GetModelMetadataResponse()
    response.model_spec.version.value = version
    response.metadata["signature_def"].Pack(definitions)
    return response


def _status(fake: FakeServing, request: Any) -> Any:
    response = protos.GetModelStatusResponse()
    for version in fake.versions(*_which(request)[:2]):
        response.model_version_status.add(version=version, state="AVAILABLE")
    return response


def _array(proto: Any) -> np.ndarray:
    shape = [dim.size for dim in proto.tensor_shape.dim]
    dtype = protos.data_type_name(proto.dtype)
    if dtype == "DT_STRING":
        return np.array(list(proto.string_val), object).reshape(shape)
    return np.frombuffer(proto.tensor_content, NUMPY[dtype]).reshape(shape)


def _fill(proto: Any, array: np.ndarray, dtype: str) -> None:
    proto.dtype = protos.data_type_number(dtype)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, _FIELDS.get(dtype, "int_val")).extend(array.reshape(-1).tolist())


def _infos(infos: Any, tensors: Tensors) -> None:
    for alias, (dtype, shape) in tensors.items():
        infos[alias].dtype = protos.data_type_number(dtype)
        for size in shape:
            infos[alias].tensor_shape.dim.add(size=size)

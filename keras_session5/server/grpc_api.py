"""The gRPC API: adapts the core to gRPC."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2,
    predict_pb2,
    prediction_service_pb2,
    regression_pb2,
)

from keras_session5.errors import InternalError, ServingError
from keras_session5.server.core import Core
from keras_session5.server.failures import to_serving_error
from keras_session5.server.health import Health
from keras_session5.server.memory import trim
from keras_session5.server.metrics import Metrics
from keras_session5.server.readiness import Readiness

# service -> method -> its request message, its name in the metrics, the method of the core
_SERVICES = {
    prediction_service_pb2.DESCRIPTOR.services_by_name["PredictionService"].full_name: {
        "Predict": (predict_pb2.PredictRequest, "predict", Core.predict),
        "Classify": (classification_pb2.ClassificationRequest, "classify", Core.classify),
        "Regress": (regression_pb2.RegressionRequest, "regress", Core.regress),
        "MultiInference": (inference_pb2.MultiInferenceRequest, "multi_inference", Core.multi_inference),
        "GetModelMetadata": (
            get_model_metadata_pb2.GetModelMetadataRequest,
            "metadata",
            Core.get_model_metadata,
        ),
    },
    model_service_pb2.DESCRIPTOR.services_by_name["ModelService"].full_name: {
        "GetModelStatus": (get_model_status_pb2.GetModelStatusRequest, "status", Core.get_model_status),
        "HandleReloadConfigRequest": (
            model_management_pb2.ReloadConfigRequest,
            "reload_config",
            Core.reload_config,
        ),
    },
}
_MAX_LENGTH = 1024
_LARGE = 16 * 2**20
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


def add_services(server: grpc.aio.Server, core: Core, readiness: Readiness | None, metrics: Metrics) -> None:
    """Registers the services of TensorFlow Serving, reflection and, with `readiness`, health.

    Other methods answer UNIMPLEMENTED.
    """
    for service, methods in _SERVICES.items():
        handlers = {
            method: _make_handler(core, metrics, *description) for method, description in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    services = [*_SERVICES, reflection.SERVICE_NAME]
    if readiness:
        health_pb2_grpc.add_HealthServicer_to_server(Health(readiness), server)
        services.append(health.SERVICE_NAME)
    reflection.enable_server_reflection(services, server)


def _make_handler(
    core: Core, metrics: Metrics, message: Any, api: str, answer: Callable[..., Awaitable[Any]]
) -> grpc.RpcMethodHandler:
    async def handle(body: bytes, context: Any) -> bytes:
        if len(body) > _LARGE:
            trim()  # the pieces in which gRPC received it
        try:
            request = message.FromString(body)
        except DecodeError:
            error = InternalError(f"The request is not a {message.DESCRIPTOR.full_name}.")
            return await _abort(context, error)
        with metrics.request(api, "GRPC", _get_model(request), context.time_remaining()) as record:
            record.size = len(body)  # a message computes its size only by serializing itself
            try:
                response = answer(core, request, record)
                del request  # frees it before the model runs; it may be large
                return (await response).SerializeToString()
            except Exception as error:
                failure = to_serving_error(error)
                record.code = failure.code
        return await _abort(context, failure)

    return grpc.unary_unary_rpc_method_handler(handle)


def _get_model(request: Any) -> str:
    """Returns the name of the requested model, if there is one."""
    if isinstance(request, inference_pb2.MultiInferenceRequest):
        return request.tasks[0].model_spec.name if request.tasks else ""
    return "" if isinstance(request, model_management_pb2.ReloadConfigRequest) else request.model_spec.name


async def _abort(context: Any, error: ServingError) -> Any:
    await context.abort(_STATUS_CODES[error.number], _truncate(str(error)))  # raises


def _truncate(text: str) -> str:
    # gRPC sends it in a header, whose size clients limit.
    return text if len(text) <= _MAX_LENGTH else text[:_MAX_LENGTH] + "...TRUNCATED"

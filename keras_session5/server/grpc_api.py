"""The core over gRPC."""

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

# service -> method -> the message that it takes, the name under which it is counted, what answers it
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
_LONGEST_TEXT = 1024
_LARGE = 16 * 2**20
_STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}


def add_services(server: grpc.aio.Server, core: Core, readiness: Readiness | None, metrics: Metrics) -> None:
    """Registers the services of TensorFlow Serving, reflection and, with `readiness`, health.

    What else is asked of them answers UNIMPLEMENTED.
    """
    for service, methods in _SERVICES.items():
        handlers = {
            method: grpc.unary_unary_rpc_method_handler(_handler(core, metrics, *what))
            for method, what in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    services = [*_SERVICES, reflection.SERVICE_NAME]
    if readiness:
        health_pb2_grpc.add_HealthServicer_to_server(Health(readiness), server)
        services.append(health.SERVICE_NAME)
    reflection.enable_server_reflection(services, server)


def _handler(core: Core, metrics: Metrics, message: Any, api: str, answer: Callable[..., Awaitable[Any]]):
    async def handle(body: bytes, context: Any) -> bytes:
        if len(body) > _LARGE:
            trim()  # of the pieces in which gRPC has received it
        try:
            request = message.FromString(body)
        except DecodeError:
            return await _abort(context, InternalError(f"The request is no {message.DESCRIPTOR.full_name}."))
        with metrics.request(api, "GRPC", _model(request), context.time_remaining()) as record:
            record.size = len(body)  # which a message tells only by writing itself again
            try:
                response = answer(core, request, record)
                del request  # it may be large, and is let go before the model runs
                return (await response).SerializeToString()
            except Exception as error:
                failure = to_serving_error(error)
                record.code = failure.code
        return await _abort(context, failure)

    return handle


def _model(request: Any) -> str:
    """Returns the name of the model that is asked, if there is one."""
    if isinstance(request, inference_pb2.MultiInferenceRequest):
        return request.tasks[0].model_spec.name if request.tasks else ""
    return "" if isinstance(request, model_management_pb2.ReloadConfigRequest) else request.model_spec.name


async def _abort(context: Any, error: ServingError) -> Any:
    await context.abort(_STATUS_CODES[error.number], _cut(error))  # raises


def _cut(error: ServingError) -> str:
    # It travels in a header, and clients limit those.
    text = str(error)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "...TRUNCATED"

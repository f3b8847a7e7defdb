"""The same questions over both transports."""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)

from keras_session5.errors import ServingError

TIMEOUT_S = 60  # a busy machine is slow

# Bytes, text, whole numbers or floats: one value, or a list of one kind.
Features = Mapping[str, Any]


def eventually(condition: Callable[[], bool]) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass(frozen=True)
class Spec:
    """Which model, version or label, and signature a question is for."""

    name: str
    version: int | None = None
    label: str | None = None
    signature: str = ""

    def fill(self, message: Any) -> None:
        message.name, message.signature_name = self.name, self.signature
        if self.version is not None:
            message.version.value = self.version
        if self.label is not None:
            message.version_label = self.label

    @property
    def path(self) -> str:
        version = "" if self.version is None else f"/versions/{self.version}"
        return f"/v1/models/{self.name}{version}" + ("" if self.label is None else f"/labels/{self.label}")


def example_of(features: Features) -> tf.train.Example:
    """Returns an example built without any JSON."""
    example = tf.train.Example()
    for name, content in features.items():
        feature = example.features.feature[name]
        for value in content if isinstance(content, list) else [content]:
            if isinstance(value, (bytes, str)):
                feature.bytes_list.value.append(value.encode() if isinstance(value, str) else value)
            elif isinstance(value, float):
                feature.float_list.value.append(value)
            else:
                feature.int64_list.value.append(int(value))
    return example


def input_of(examples: Sequence[Features], context: Features | None = None) -> input_pb2.Input:
    """Returns what a request to classify or regress holds."""
    found = input_pb2.Input()
    if context is None:
        found.example_list.examples.extend(map(example_of, examples))
    else:
        found.example_list_with_context.context.CopyFrom(example_of(context))
        found.example_list_with_context.examples.extend(map(example_of, examples))
    return found


def json_features(features: Features) -> dict[str, Any]:
    """Returns the JSON form of an example."""

    def form(value: Any) -> Any:
        if isinstance(value, list):
            return [form(item) for item in value]
        return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    return {name: form(value) for name, value in features.items()}


class Asker(Protocol):
    """A client of one transport; errors come as `ServingError`."""

    def predict(self, spec: Spec, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]: ...
    def classify(
        self, spec: Spec, examples: Sequence[Features], context: Features | None = None
    ) -> list[list[tuple[str, float]]]: ...
    def regress(
        self, spec: Spec, examples: Sequence[Features], context: Features | None = None
    ) -> list[float]: ...
    def states(self, spec: Spec) -> list[tuple[int, str]]: ...
    def signatures(self, spec: Spec) -> set[str]: ...
    def close(self) -> None: ...


class Rest:
    """Over HTTP, on one connection that is kept while questions follow each other."""

    def __init__(self, address: str, context: ssl.SSLContext | None = None):
        scheme, _, place = address.partition("://")
        self.connection = (
            http.client.HTTPSConnection(place, timeout=TIMEOUT_S, context=context)
            if scheme == "https"
            else http.client.HTTPConnection(place, timeout=TIMEOUT_S)
        )
        self.used = time.monotonic()

    def request(
        self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        if (
            time.monotonic() - self.used > 1
        ):  # the server closes what is idle, whatever the test does meanwhile
            self.connection.close()
        self.used = time.monotonic()
        try:
            self.connection.request(method, path, body, headers or {})
            response = self.connection.getresponse()
            return response.status, response.read()
        except Exception:
            self.connection.close()  # the next question gets a new one
            raise

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        status, reply = self.request(method, path, body)
        decoded = json.loads(reply)
        if status != 200:
            raise ServingError.of_http(status, decoded["error"])
        return decoded

    def predict(self, spec: Spec, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        body: dict[str, Any] = {"inputs": {alias: array.tolist() for alias, array in inputs.items()}}
        if spec.signature:
            body["signature_name"] = spec.signature
        outputs = self.ask("POST", spec.path + ":predict", body)["outputs"]
        return outputs if isinstance(outputs, dict) else {"y": np.array(outputs)}

    def classify(
        self, spec: Spec, examples: Sequence[Features], context: Features | None = None
    ) -> list[list[tuple[str, float]]]:
        results = self._results("classify", spec, examples, context)
        return [[(label, score) for label, score in classes] for classes in results]

    def regress(
        self, spec: Spec, examples: Sequence[Features], context: Features | None = None
    ) -> list[float]:
        return self._results("regress", spec, examples, context)

    def _results(
        self, verb: str, spec: Spec, examples: Sequence[Features], context: Features | None
    ) -> list[Any]:
        body: dict[str, Any] = {"examples": [json_features(features) for features in examples]}
        if spec.signature:
            body["signature_name"] = spec.signature
        if context is not None:
            body["context"] = json_features(context)
        return self.ask("POST", f"{spec.path}:{verb}", body)["results"]

    def states(self, spec: Spec) -> list[tuple[int, str]]:
        found = self.ask("GET", spec.path)["model_version_status"]
        return [(int(status["version"]), status["state"]) for status in found]

    def signatures(self, spec: Spec) -> set[str]:
        reply = self.ask("GET", spec.path + "/metadata")
        return set(reply["metadata"]["signature_def"]["signature_def"])

    def close(self) -> None:
        self.connection.close()


class Grpc:
    """Over gRPC."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None = None):
        options = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = (
            grpc.secure_channel(address, credentials, options)
            if credentials
            else grpc.insecure_channel(address, options)
        )
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    @staticmethod
    def send(method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            call: Any = error
            raise ServingError.of(call.code().name, call.details()) from error

    def predict_proto(self, request: predict_pb2.PredictRequest) -> predict_pb2.PredictResponse:
        return self.send(self.predictions.Predict, request)

    def predict(self, spec: Spec, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        request = predict_pb2.PredictRequest()
        spec.fill(request.model_spec)
        for alias, array in inputs.items():
            request.inputs[alias].CopyFrom(tf.make_tensor_proto(array))
        outputs = self.predict_proto(request).outputs
        return {alias: tf.make_ndarray(proto) for alias, proto in outputs.items()}

    def classify(
        self, spec: Spec, examples: Sequence[Features], context: Features | None = None
    ) -> list[list[tuple[str, float]]]:
        request = classification_pb2.ClassificationRequest(input=input_of(examples, context))
        spec.fill(request.model_spec)
        result = self.send(self.predictions.Classify, request).result
        return [[(one.label, one.score) for one in found.classes] for found in result.classifications]

    def regress(
        self, spec: Spec, examples: Sequence[Features], context: Features | None = None
    ) -> list[float]:
        request = regression_pb2.RegressionRequest(input=input_of(examples, context))
        spec.fill(request.model_spec)
        return [one.value for one in self.send(self.predictions.Regress, request).result.regressions]

    def multi_inference(
        self, tasks: Sequence[tuple[Spec, str]], examples: Sequence[Features]
    ) -> list[inference_pb2.InferenceResult]:
        """Asks each task, a signature with the method's name, about the same examples at once."""
        request = inference_pb2.MultiInferenceRequest(input=input_of(examples))
        for spec, method in tasks:
            task = request.tasks.add(method_name=method)
            spec.fill(task.model_spec)
        return list(self.send(self.predictions.MultiInference, request).results)

    def states(self, spec: Spec) -> list[tuple[int, str]]:
        request = get_model_status_pb2.GetModelStatusRequest()
        spec.fill(request.model_spec)
        reply = self.send(self.models.GetModelStatus, request)
        name = get_model_status_pb2.ModelVersionStatus.State.Name
        return [(status.version, name(status.state)) for status in reply.model_version_status]

    def metadata(self, spec: Spec, fields: tuple[str, ...] = ("signature_def",)) -> Any:
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=fields)
        spec.fill(request.model_spec)
        return self.send(self.predictions.GetModelMetadata, request)

    def signatures(self, spec: Spec) -> set[str]:
        found = get_model_metadata_pb2.SignatureDefMap()
        self.metadata(spec).metadata["signature_def"].Unpack(found)
        return set(found.signature_def)

    def close(self) -> None:
        self.channel.close()

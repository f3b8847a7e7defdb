"""The transport over TensorFlow Serving's REST API."""

from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote

import numpy as np

from keras_session5.client import json_values
from keras_session5.client.address import Address
from keras_session5.client.deadline import Deadline
from keras_session5.client.http_pool import HttpAnswer, HttpPool
from keras_session5.client.records import ModelMetadata, ModelSpec, Signature, TensorInfo, VersionStatus
from keras_session5.errors import (
    InvalidArgumentError,
    NotFoundError,
    ServingError,
    UnimplementedError,
    UnknownError,
)

_DAMAGED = (LookupError, ValueError, TypeError, AttributeError, OverflowError)


class RestTransport:
    """Asks one server over HTTP or HTTPS; safe to use from any number of threads."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._http = HttpPool(address)

    def predict(
        self,
        model: ModelSpec,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, TensorInfo],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs by name; a single one comes bare, and is named as the signature says."""
        try:
            body = json_values.dump(signature_name, inputs)
        except TypeError as error:
            raise InvalidArgumentError(f"REST cannot carry these inputs: {error}. Use gRPC.") from error
        answer = self._http.request("POST", self._path(model) + ":predict", body, deadline)
        try:
            return json_values.read_outputs(self._object(answer)["outputs"], outputs)
        except _DAMAGED as error:
            self._refuse(answer, error)

    def metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata:
        """Returns the signatures of the version that the server chooses, and its number."""
        answer = self._http.request("GET", self._path(model) + "/metadata", None, deadline)
        try:
            content = self._object(answer)
            signatures = content["metadata"]["signature_def"]["signature_def"]
            return ModelMetadata(
                int(content["model_spec"]["version"]),
                {name: _signature(definition) for name, definition in signatures.items()},
            )
        except _DAMAGED as error:
            self._refuse(answer, error)

    def status(self, model: ModelSpec, deadline: Deadline) -> list[VersionStatus]:
        """Returns the state of every version, in the server's order."""
        answer = self._http.request("GET", self._path(model), None, deadline)
        try:
            return _versions(self._object(answer))
        except _DAMAGED as error:
            self._refuse(answer, error)

    def models(self, deadline: Deadline) -> dict[str, list[VersionStatus]]:
        """Returns the versions of every model by its name, in the server's order."""
        answer = self._http.request("GET", f"{self._address.prefix}/v1/models", None, deadline)
        try:
            return {one["name"]: _versions(one) for one in self._object(answer)["models"]}
        except (InvalidArgumentError, NotFoundError) as error:
            raise UnimplementedError(
                f"The model server at {self._address.text} does not list its models. Name them."
            ) from error
        except _DAMAGED as error:
            self._refuse(answer, error)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._http.close()

    def _path(self, model: ModelSpec) -> str:
        path = f"{self._address.prefix}/v1/models/{quote(model.name, safe='')}"
        if model.version is not None:
            return f"{path}/versions/{model.version}"
        if model.label is not None:
            return f"{path}/labels/{quote(model.label, safe='')}"
        return path

    def _object(self, answer: HttpAnswer) -> dict[str, Any]:
        """Returns the answer's JSON object; an error in it is raised as the server words it."""
        content = json_values.load(answer.body)
        if answer.status != 200:
            error = ServingError.of_http(answer.status, content["error"])
            error.add_note(f"Answered by the model server at {self._address.text}.")
            raise error
        return content

    def _refuse(self, answer: HttpAnswer, error: Exception) -> NoReturn:
        where = self._address.text
        if answer.status != 200 or answer.media_type != "application/json":
            raise ServingError.of_http(
                answer.status,
                f"What answers at {where} is not TensorFlow Serving's REST API: HTTP status {answer.status}, "
                f"{answer.media_type}. Check the address; `session5 serve` prints the right one.",
            ) from error
        raise UnknownError(
            f"The model server at {where} answered something that does not fit the request: {error!r}."
        ) from error


def _versions(status: Mapping[str, Any]) -> list[VersionStatus]:
    return [
        VersionStatus(int(one["version"]), one["state"], one["status"]["error_message"])
        for one in status["model_version_status"]
    ]


def _signature(definition: Mapping[str, Any]) -> Signature:
    return Signature(_tensors(definition.get("inputs", {})), _tensors(definition.get("outputs", {})))


def _tensors(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
    tensors = {}
    for name, info in infos.items():
        shape = info["tensor_shape"]
        dims = [int(dim["size"]) for dim in shape["dim"]]
        tensors[name] = TensorInfo.of(info["dtype"], dims, shape["unknown_rank"])
    return tensors

"""The transport over TensorFlow Serving's REST API."""

from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote

import numpy as np

from keras_session5.client import json_values
from keras_session5.client.address import Address
from keras_session5.client.deadline import Deadline
from keras_session5.client.http_pool import HttpPool, HttpReply
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
    """Queries one server over HTTP or HTTPS; safe to use from any number of threads."""

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
        """Returns the outputs by name; a single output comes without one and gets the signature's."""
        try:
            body = json_values.dump(signature_name, inputs)
        except TypeError as error:
            raise InvalidArgumentError(f"REST cannot carry these inputs: {error}. Use gRPC.") from error
        response = self._http.request("POST", self._make_path(model) + ":predict", body, deadline)
        try:
            return json_values.read_outputs(self._parse_object(response)["outputs"], outputs)
        except _DAMAGED as error:
            self._raise_unexpected(response, error)

    def metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata:
        """Returns the signatures of the version that the server chooses, and its number."""
        response = self._http.request("GET", self._make_path(model) + "/metadata", None, deadline)
        try:
            content = self._parse_object(response)
            signatures = content["metadata"]["signature_def"]["signature_def"]
            return ModelMetadata(
                int(content["model_spec"]["version"]),
                {name: _read_signature(definition) for name, definition in signatures.items()},
            )
        except _DAMAGED as error:
            self._raise_unexpected(response, error)

    def status(self, model: ModelSpec, deadline: Deadline) -> list[VersionStatus]:
        """Returns the state of every version, in the server's order."""
        response = self._http.request("GET", self._make_path(model), None, deadline)
        try:
            return _read_versions(self._parse_object(response))
        except _DAMAGED as error:
            self._raise_unexpected(response, error)

    def models(self, deadline: Deadline) -> dict[str, list[VersionStatus]]:
        """Returns the versions of every model by its name, in the server's order."""
        response = self._http.request("GET", f"{self._address.prefix}/v1/models", None, deadline)
        try:
            return {one["name"]: _read_versions(one) for one in self._parse_object(response)["models"]}
        except (InvalidArgumentError, NotFoundError) as error:
            raise UnimplementedError(
                f"The model server at {self._address.text} does not list its models. Name them."
            ) from error
        except _DAMAGED as error:
            self._raise_unexpected(response, error)

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._http.close()

    def _make_path(self, model: ModelSpec) -> str:
        path = f"{self._address.prefix}/v1/models/{quote(model.name, safe='')}"
        if model.version is not None:
            return f"{path}/versions/{model.version}"
        if model.label is not None:
            return f"{path}/labels/{quote(model.label, safe='')}"
        return path

    def _parse_object(self, response: HttpReply) -> dict[str, Any]:
        """Returns the response's JSON object; raises an error in it with the server's text."""
        content = json_values.load(response.body)
        if response.status != 200:
            error = ServingError.of_http(response.status, content["error"])
            error.add_note(f"Returned by the model server at {self._address.text}.")
            raise error
        return content

    def _raise_unexpected(self, response: HttpReply, error: Exception) -> NoReturn:
        where = self._address.text
        if response.status != 200 or response.media_type != "application/json":
            raise ServingError.of_http(
                response.status,
                f"The server at {where} is not TensorFlow Serving's REST API: HTTP status {response.status}, "
                f"{response.media_type}. Check the address; `session5 serve` prints it.",
            ) from error
        raise UnknownError(
            f"The response of the model server at {where} does not fit the request: {error!r}."
        ) from error


def _read_versions(status: Mapping[str, Any]) -> list[VersionStatus]:
    return [
        VersionStatus(int(one["version"]), one["state"], one["status"]["error_message"])
        for one in status["model_version_status"]
    ]


def _read_signature(definition: Mapping[str, Any]) -> Signature:
    return Signature(
        _read_tensor_infos(definition.get("inputs", {})), _read_tensor_infos(definition.get("outputs", {}))
    )


def _read_tensor_infos(infos: Mapping[str, Any]) -> dict[str, TensorInfo]:
    tensors = {}
    for name, info in infos.items():
        shape = info["tensor_shape"]
        dims = [int(dim["size"]) for dim in shape["dim"]]
        tensors[name] = TensorInfo.of(info["dtype"], dims, shape["unknown_rank"])
    return tensors

"""The client, independent of the transport."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_session5.client.address import Address, parse
from keras_session5.client.deadline import Deadline, check_timeout
from keras_session5.client.inputs import to_array
from keras_session5.client.records import ModelMetadata, ModelSpec, Signature, VersionStatus, check_name
from keras_session5.errors import ArgumentError, NotFoundError

if TYPE_CHECKING:
    from keras_session5.client.grpc_transport import GrpcTransport
    from keras_session5.client.rest import RestTransport

# How long the client keeps a version's metadata: TensorFlow Serving polls for new versions once a second.
_METADATA_MAX_AGE_S = 1.0
_EMPTY_SIGNATURE = Signature({}, {})


def connect(address: str, *, timeout_s: float = 10.0) -> "Client":
    """Returns a client for the model server at `address`; the first call opens the connection.

    Args:
        address: `http://host:port` or `https://host:port` for the REST API; `host:port`,
            `grpc://host:port` or `unix:/path` for gRPC.
        timeout_s: default timeout of a call in seconds; above 0, at most a day.

    Raises:
        ArgumentError: if the address or the timeout is invalid.

    Example:
        with connect("127.0.0.1:8500") as client:
            client.predict("lenet5", {"image": images})["probabilities"]
    """
    return Client(parse(address), timeout_s)


class Client:
    """Queries a TensorFlow-Serving-compatible server; made by `connect`, safe to share between threads.

    Both transports return the same outputs. A call uses a model's highest available version unless `version`
    or `label` names another. The server's errors are raised as the `ServingError` of their code, with the
    server's text; so are connection failures and timeouts.

    Attributes:
        address: the server's address, as passed to `connect`.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.address = address.text
        self._timeout_s = check_timeout(timeout_s)
        self._transport = _open_transport(address)
        self._known: dict[ModelSpec, tuple[ModelMetadata, float]] = {}
        self._closed = False

    def predict(
        self,
        name: str,
        inputs: Mapping[str, Any],
        *,
        signature_name: str = "serving_default",
        version: int | None = None,
        label: str | None = None,
        timeout_s: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns the outputs of a model's signature, by name.

        Args:
            name: the model's name on the server.
            inputs: name -> array or nested lists, cast to the dtype that the signature declares; the model
                checks shapes. Text is sent as UTF-8.
            signature_name: the signature to call.
            version: the version's number.
            label: the version's label.
            timeout_s: timeout of the call in seconds; None for the client's.

        Returns:
            Name -> array of the signature's dtype. Strings are an object array of `str`, or of `bytes` if
            one of them is not UTF-8 or the name ends in `_bytes`.

        Raises:
            ArgumentError: if an argument has the wrong type.
            InvalidArgumentError: if rows are ragged, or the declared dtype cannot hold a value, such as 0.5
                for an integer.
            ServingError: if the server returns an error or is unavailable.
        """
        model, deadline = self._prepare(name, version, label, timeout_s)
        check_name("signature_name", signature_name)
        if not isinstance(inputs, Mapping):
            raise ArgumentError(
                f"`inputs` must be a dict of input names and values. Received: {type(inputs).__name__}"
            )
        for alias in inputs:
            check_name("input name", alias)
        metadata, expires = self._known.get(model, (None, 0.0))
        if metadata is None or time.monotonic() > expires:
            metadata = self._fresh_metadata(model, deadline)
        try:
            return self._predict(name, metadata, signature_name, inputs, deadline)
        except NotFoundError:
            # The server may have unloaded the version since: choose again, once.
            metadata = self._fresh_metadata(model, deadline)
            return self._predict(name, metadata, signature_name, inputs, deadline)

    def status(
        self, name: str, *, version: int | None = None, timeout_s: float | None = None
    ) -> list[VersionStatus]:
        """Returns the state of every version of a model that the server knows of, highest first."""
        model, deadline = self._prepare(name, version, None, timeout_s)
        return _sort_versions(self._transport.status(model, deadline))

    def models(self, *, timeout_s: float | None = None) -> dict[str, list[VersionStatus]]:
        """Returns the models of the server's configuration: name -> versions, highest first.

        Raises:
            UnimplementedError: if the server does not list its models. Stock TensorFlow Serving does not, and
                the gRPC API has no such call.
        """
        found = self._transport.models(self._start_deadline(timeout_s))
        return {name: _sort_versions(versions) for name, versions in found.items()}

    def metadata(
        self,
        name: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout_s: float | None = None,
    ) -> ModelMetadata:
        """Returns the version that the server chooses, and its signatures with their inputs and outputs."""
        model, deadline = self._prepare(name, version, label, timeout_s)
        found = self._transport.metadata(model, deadline)
        # TensorFlow also lists its own `__saved_model_init_op`, which cannot be called.
        signatures = {name: one for name, one in found.signatures.items() if not name.startswith("__")}
        return ModelMetadata(found.version, signatures)

    def close(self) -> None:
        """Closes the connections. A closed client can no longer be used."""
        self._closed = True
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(
        self, name: str, version: int | None, label: str | None, timeout_s: float | None
    ) -> tuple[ModelSpec, Deadline]:
        deadline = self._start_deadline(timeout_s)
        return ModelSpec(name, version, label), deadline

    def _start_deadline(self, timeout_s: float | None) -> Deadline:
        if self._closed:
            raise ArgumentError(f"This client of {self.address} is closed. Connect again.")
        limit_s = self._timeout_s if timeout_s is None else check_timeout(timeout_s)
        return Deadline(limit_s, self.address)

    def _predict(
        self,
        name: str,
        metadata: ModelMetadata,
        signature_name: str,
        inputs: Mapping[str, Any],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Queries exactly the version whose signatures are known.

        A REST response contains neither the version nor the name of a single output. A request for the latest
        version could reach a new version, whose output would then get the old version's name.
        """
        # The server refuses an unknown signature.
        signature = metadata.signatures.get(signature_name, _EMPTY_SIGNATURE)
        arrays = {}
        for alias, value in inputs.items():
            info = signature.inputs.get(alias)
            arrays[alias] = to_array(alias, value, info.dtype if info else None)
        model = ModelSpec(name, metadata.version)
        outputs = self._transport.predict(model, signature_name, arrays, signature.outputs, deadline)
        return {alias: _decode_text(alias, array) for alias, array in outputs.items()}

    def _fresh_metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata:
        metadata = self._transport.metadata(model, deadline)
        self._known[model] = metadata, time.monotonic() + _METADATA_MAX_AGE_S
        return metadata


def _open_transport(address: Address) -> "GrpcTransport | RestTransport":
    """Imports only the transport in use, because importing gRPC takes longer than all the rest."""
    if address.scheme == "grpc":
        from keras_session5.client.grpc_transport import GrpcTransport

        return GrpcTransport(address)
    from keras_session5.client.rest import RestTransport

    return RestTransport(address)


def _sort_versions(versions: list[VersionStatus]) -> list[VersionStatus]:
    return sorted(versions, key=lambda one: one.version, reverse=True)


def _decode_text(name: str, array: np.ndarray) -> np.ndarray:
    """Decodes strings whose name does not end in `_bytes`, if all of them are UTF-8."""
    if array.dtype != object or name.endswith("_bytes"):
        return array
    text = np.empty_like(array)
    try:
        text.reshape(-1)[:] = [item.decode() for item in array.flat]
    except UnicodeDecodeError:
        return array
    return text

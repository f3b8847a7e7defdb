"""The client: what is the same over both transports."""

import time
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from keras_session5.client.address import Address, parse
from keras_session5.client.deadline import Deadline, checked_timeout
from keras_session5.client.inputs import to_array
from keras_session5.client.records import (
    ModelMetadata,
    ModelSpec,
    Signature,
    TensorInfo,
    VersionStatus,
    check_name,
)
from keras_session5.errors import ArgumentError, NotFoundError

# How long the choice of a version is remembered: TensorFlow Serving looks for new ones once a second.
_METADATA_AGE_S = 1.0
_NOTHING = Signature({}, {})


class Transport(Protocol):
    """One way to talk to a server."""

    def predict(
        self,
        model: ModelSpec,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Mapping[str, TensorInfo],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]: ...

    def metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata: ...

    def status(self, model: ModelSpec, deadline: Deadline) -> list[VersionStatus]: ...

    def models(self, deadline: Deadline) -> dict[str, list[VersionStatus]]: ...

    def close(self) -> None: ...


def connect(address: str, *, timeout_s: float = 10.0) -> "Client":
    """Returns a client for the model server at `address`; nothing is sent before the first call.

    Args:
        address: `http://host:port` or `https://host:port` for the REST API; `host:port`,
            `grpc://host:port` or `unix:/path` for gRPC.
        timeout_s: seconds that a call may take unless it says otherwise; above 0, at most a day.

    Raises:
        ArgumentError: an address or a time that is not understood.

    Example:
        with connect("127.0.0.1:8500") as client:
            client.predict("lenet5", {"image": images})["probabilities"]
    """
    return Client(parse(address), timeout_s)


class Client:
    """Asks a TensorFlow-Serving-compatible server; made by `connect`, safe to share between threads.

    Both transports give the same answers. A model is meant in its highest available version unless
    `version` or `label` says otherwise. What the server refuses is raised as the `ServingError` of its
    code, in its own words; so is a server that does not answer, or not in time.

    Attributes:
        address: the server's address, as it was given.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.address = address.text
        self._timeout_s = checked_timeout(timeout_s)
        self._transport = _transport(address)
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
            inputs: name -> array or nested lists, cast to the dtype that the signature declares; shapes
                are left to the model. Text is sent as UTF-8.
            signature_name: which way to call the model.
            version: its number.
            label: the label of a version.
            timeout_s: seconds that the call may take; the client's own by default.

        Returns:
            Name -> array of the signature's dtype. Strings are an object array of `str`, or of `bytes` if
            one of them is not UTF-8 or the name ends in `_bytes`.

        Raises:
            ArgumentError: an argument of the wrong kind.
            InvalidArgumentError: ragged rows, or values that the declared dtype cannot hold, such as 0.5
                for an integer.
            ServingError: what the server answers instead.
        """
        model, deadline = self._prepare(name, version, label, timeout_s)
        check_name("signature_name", signature_name)
        if not isinstance(inputs, Mapping):
            raise ArgumentError(
                f"`inputs` must be a dict of input names and values. Received: {type(inputs).__name__}"
            )
        for alias in inputs:
            check_name("input name", alias)
        metadata = self._recent_metadata(model, deadline)
        try:
            return self._predict(name, metadata, signature_name, inputs, deadline)
        except NotFoundError:
            # The version chosen a moment ago may be gone: choose again, once.
            metadata = self._fresh_metadata(model, deadline)
            return self._predict(name, metadata, signature_name, inputs, deadline)

    def status(
        self, name: str, *, version: int | None = None, timeout_s: float | None = None
    ) -> list[VersionStatus]:
        """Returns the state of every version of a model that the server knows of, highest first."""
        model, deadline = self._prepare(name, version, None, timeout_s)
        return _highest_first(self._transport.status(model, deadline))

    def models(self, *, timeout_s: float | None = None) -> dict[str, list[VersionStatus]]:
        """Returns the models that the server is configured with: name -> its versions, highest first.

        Raises:
            UnimplementedError: a server that does not list its models. TensorFlow Serving's own does not,
                and over gRPC none does: its API has no call for it.
        """
        found = self._transport.models(self._deadline(timeout_s))
        return {name: _highest_first(versions) for name, versions in found.items()}

    def metadata(
        self,
        name: str,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout_s: float | None = None,
    ) -> ModelMetadata:
        """Returns the version that the server chooses and its signatures: what goes in, what comes out."""
        model, deadline = self._prepare(name, version, label, timeout_s)
        found = self._transport.metadata(model, deadline)
        # TensorFlow lists its own `__saved_model_init_op` as well, which nobody can call.
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
        deadline = self._deadline(timeout_s)
        return ModelSpec(name, version, label), deadline

    def _deadline(self, timeout_s: float | None) -> Deadline:
        if self._closed:
            raise ArgumentError(f"This client of {self.address} is closed. Connect again.")
        limit_s = self._timeout_s if timeout_s is None else checked_timeout(timeout_s)
        return Deadline(limit_s, self.address)

    def _predict(
        self,
        name: str,
        metadata: ModelMetadata,
        signature_name: str,
        inputs: Mapping[str, Any],
        deadline: Deadline,
    ) -> dict[str, np.ndarray]:
        """Asks the very version whose signatures are known.

        A REST answer tells neither its version nor the name of a single output. Asked of "the latest"
        version while a new one arrives, it could be given a name that is not its own.
        """
        signature = metadata.signatures.get(signature_name, _NOTHING)  # an unknown one the server refuses
        arrays = {}
        for alias, value in inputs.items():
            info = signature.inputs.get(alias)
            arrays[alias] = to_array(alias, value, info.dtype if info else None)
        model = ModelSpec(name, metadata.version)
        outputs = self._transport.predict(model, signature_name, arrays, signature.outputs, deadline)
        return {alias: _text_or_bytes(alias, array) for alias, array in outputs.items()}

    def _recent_metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata:
        metadata, expires = self._known.get(model, (None, 0.0))
        if metadata is None or time.monotonic() > expires:
            return self._fresh_metadata(model, deadline)
        return metadata

    def _fresh_metadata(self, model: ModelSpec, deadline: Deadline) -> ModelMetadata:
        metadata = self._transport.metadata(model, deadline)
        self._known[model] = metadata, time.monotonic() + _METADATA_AGE_S
        return metadata


def _transport(address: Address) -> Transport:
    """Imports only what the transport needs: gRPC takes longer than all the rest."""
    if address.scheme == "grpc":
        from keras_session5.client.grpc_transport import GrpcTransport

        return GrpcTransport(address)
    from keras_session5.client.rest import RestTransport

    return RestTransport(address)


def _highest_first(versions: list[VersionStatus]) -> list[VersionStatus]:
    return sorted(versions, key=lambda one: one.version, reverse=True)


def _text_or_bytes(name: str, array: np.ndarray) -> np.ndarray:
    """Decodes strings whose name does not end in `_bytes`, if all of them are UTF-8."""
    if array.dtype != object or name.endswith("_bytes"):
        return array
    text = np.empty_like(array)
    try:
        text.reshape(-1)[:] = [item.decode() for item in array.flat]
    except UnicodeDecodeError:
        return array
    return text

"""The REST API: adapts the core to HTTP, as an ASGI application without a framework."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_pb2,
)

from keras_session5.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    UnavailableError,
)
from keras_session5.server.bodies import Bodies, BodyError
from keras_session5.server.core import Core
from keras_session5.server.failures import to_serving_error
from keras_session5.server.metrics import Metrics, RequestRecord
from keras_session5.server.predict import CLASSIFY_METHOD, REGRESS_METHOD
from keras_session5.server.readiness import Readiness
from keras_session5.server.settings import Settings

_SELECTION = r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_ANY = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_PREDICTION = re.compile(
    rf"/v1/models/(?P<name>[^/:]+){_SELECTION}:(?P<verb>classify|regress|predict)", re.IGNORECASE | re.ASCII
)
_MODEL = re.compile(
    rf"/v1/models(?:/(?P<name>[^/:]+))?{_SELECTION}(?P<part>/metadata)?", re.IGNORECASE | re.ASCII
)
_VERBS = ("predict", "classify", "regress")  # unlike the paths, case-sensitive
_LIST = "/v1/models"
_LINGER_S = 5.0  # for a client that keeps sending after its request was refused
_HIGHEST_INT64 = 2**63 - 1
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type"),
]


class RestApi:
    """An ASGI application that answers as TensorFlow Serving's REST API does.

    Args:
        core: answers the requests.
        readiness: the state for `/readyz`.
        metrics: records the requests.
        settings: the limits of a request, and the optional parts of the API.
    """

    def __init__(self, core: Core, readiness: Readiness, metrics: Metrics, settings: Settings):
        self._core, self._readiness, self._metrics = core, readiness, metrics
        self._timeout_s = settings.rest_api_timeout_in_ms / 1000
        self._bodies = Bodies(settings.rest_api_max_body_bytes, self._timeout_s)
        self._headers = _CORS if settings.rest_api_enable_cors_support else []
        self._pages = {"/healthz": self._get_health, "/readyz": self._get_readiness}
        if settings.monitoring_path:
            self._pages[settings.monitoring_path] = self._get_metrics

    async def __call__(self, scope: dict[str, Any], receive: Callable, send: Callable) -> None:
        """Answers one HTTP request."""
        headers = dict(scope["headers"])
        try:
            async with self._bodies.read(headers, receive) as body:
                if body is not None:
                    await self._respond(scope, headers, body, send)
        except BodyError as error:
            await self._send(
                send, error.status, _format_error(error), more=[(b"connection", b"close")], last=False
            )
            # If the connection closed now, a client that is still sending would not read the reply.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LINGER_S):
                    while (await receive()).get("more_body", False):
                        pass
            await send({"type": "http.response.body", "body": b""})

    async def _respond(
        self, scope: dict[str, Any], headers: dict[bytes, bytes], body: bytes, send: Callable
    ) -> None:
        # As in TensorFlow Serving, the query string is a part of the path.
        query = scope["query_string"]
        target = (scope["raw_path"] + (b"?" + query if query else b"")).decode("utf-8", "replace")
        if scope["method"] in ("GET", "HEAD") and target in self._pages:
            status, text = await self._pages[target]()
            await self._send(send, status, text, b"text/plain; charset=utf-8")
        elif not _ANY.fullmatch(target):
            await self._send(send, 404, b"<h1>Not Found</h1>", b"text/html")
        elif scope["method"] == "OPTIONS":
            from_page = re.match(rb"https?://", headers.get(b"origin", b""))
            await self._send(send, 200 if from_page else 400, b"")
        else:
            await self._send(send, *await self._handle(scope["method"], target, body))

    async def _send(
        self,
        send: Callable,
        status: int,
        body: bytes,
        content_type: bytes = b"application/json",
        more: Sequence[tuple[bytes, bytes]] = (),
        last: bool = True,
    ) -> None:
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        headers += [*self._headers, *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": not last})

    # Pages beside the API

    async def _get_health(self) -> tuple[int, bytes]:
        """Shows by its reply that the process is alive."""
        return 200, b"ok\n"

    async def _get_readiness(self) -> tuple[int, bytes]:
        """Reports whether every configured model can be served, and why not."""
        if self._readiness.stopping:
            return 503, b"stopping\n"
        problems = "".join(f"{name}: {problem}\n" for name, problem in self._readiness.problems().items())
        return (503, problems.encode("utf-8", "replace")) if problems else (200, b"ok\n")

    async def _get_metrics(self) -> tuple[int, bytes]:
        """Returns the metrics' page; with many models it is long, so a thread writes it."""
        return 200, await asyncio.to_thread(self._metrics.render)

    # The API

    async def _handle(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        match, api = _route(method, target)
        with self._metrics.request(api, "REST", _get_name(match) if match else "", self._timeout_s) as record:
            try:
                if match is None:
                    raise InvalidArgumentError(f"Malformed request: {method} {target}")
                async with asyncio.timeout(self._timeout_s):
                    return 200, await self._call(api, match, body, record)
            except asyncio.CancelledError:
                if not self._readiness.stopping:
                    raise
                failure = UnavailableError("The server is stopping and cannot finish this request.")
            except TimeoutError:
                failure = DeadlineExceededError("Timed out waiting for notification")
            except Exception as error:
                failure = to_serving_error(error)
            record.code = failure.code
        return failure.http_status, _format_error(failure)

    async def _call(self, api: str, match: re.Match[str], body: bytes, record: RequestRecord) -> bytes:
        if api == "list":
            models = self._core.list_models().items()
            listed = [{"name": name, "base_path": path} | _to_dict(status) for name, (path, status) in models]
            return _to_json({"models": listed})
        spec = _make_spec(match)
        if api == "status":
            request = get_model_status_pb2.GetModelStatusRequest(model_spec=spec)
            return _to_json(_to_dict(await self._core.get_model_status(request, record)))
        if api == "metadata":
            return await self._get_metadata(spec, record)
        if api == "predict":
            return await self._core.predict_json(spec, body, record)
        method = CLASSIFY_METHOD if api == "classify" else REGRESS_METHOD
        return await self._core.infer_json(method, spec, body, record)

    async def _get_metadata(self, spec: model_pb2.ModelSpec, record: RequestRecord) -> bytes:
        request = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=spec, metadata_field=["signature_def"]
        )
        response = await self._core.get_model_metadata(request, record)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        response.metadata["signature_def"].Unpack(signatures)
        return _to_json(
            {
                "model_spec": _to_dict(response.model_spec),
                "metadata": {"signature_def": _to_dict(signatures)},
            }
        )


def _route(method: str, target: str) -> tuple[re.Match[str] | None, str]:
    """Returns the parts of a path and the kind of its request; None if TensorFlow Serving rejects it."""
    if method == "POST" and (match := _PREDICTION.fullmatch(target)) and match["verb"] in _VERBS:
        return match, match["verb"]
    if method == "GET" and (match := _MODEL.fullmatch(target)) and match["part"] in (None, "/metadata"):
        if match["name"]:
            return match, "metadata" if match["part"] else "status"
        if target.lower() == _LIST:
            return match, "list"
        return match, "status"
    return None, ""


def _get_name(match: re.Match[str]) -> str:
    return unquote(match["name"] or "", errors="replace")


def _make_spec(match: re.Match[str]) -> model_pb2.ModelSpec:
    spec = model_pb2.ModelSpec(name=_get_name(match))
    if match["version"]:
        digits = match["version"].lstrip("0")[:20] or "0"
        if int(digits) > _HIGHEST_INT64:
            raise InvalidArgumentError(f"Failed to convert version: {match['version']} to numeric.")
        spec.version.value = int(digits)
    if not match["name"]:
        raise InvalidArgumentError("Missing model name in request.")
    if match["label"]:
        spec.version_label = unquote(match["label"], errors="replace")
    return spec


def _format_error(error: Exception) -> bytes:
    text = json.dumps({"error": str(error)}, indent=4, ensure_ascii=False)
    return text.encode("utf-8", "surrogateescape")


def _to_dict(message: Message) -> dict[str, Any]:
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _to_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()

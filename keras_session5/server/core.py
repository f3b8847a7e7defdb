"""Answers requests in the messages of TensorFlow Serving's API, independently of the transport."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    input_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)

from keras_session5.errors import InvalidArgumentError, NotFoundError
from keras_session5.server.batching import Runner
from keras_session5.server.codecs.json_examples import read_examples
from keras_session5.server.codecs.json_request import PredictBody
from keras_session5.server.codecs.json_response import write_predictions
from keras_session5.server.codecs.tensors import decode_tensor, fill_tensor
from keras_session5.server.deadline import call_until
from keras_session5.server.inference import (
    Classification,
    MultiRun,
    Regression,
    plan_examples,
    plan_multi_inference,
)
from keras_session5.server.metrics import RequestRecord
from keras_session5.server.predict import CLASSIFY_METHOD, DEFAULT_SIGNATURE, REGRESS_METHOD, Run, plan
from keras_session5.server.reloading import Reloader
from keras_session5.server.repository import Repository
from keras_session5.server.runtime import Tensors
from keras_session5.server.version import VersionStatus

_SIGNATURES = "signature_def"
# Larger messages are read and written on another thread, so that the event loop stays free. For smaller ones
# the thread switch would cost more.
_MAX_SIZE_ON_LOOP = 128 * 1024
_LARGE = 2**20  # takes seconds, and many times its size in memory, so smaller messages do not wait for it
# Time per value and per byte of text, relative to a byte of regular numbers.
_COST_OF_A_VALUE = 16
_COST_OF_TEXT = 32
# TensorFlow Serving opens its ports once everything is loaded, so its clients do not retry: requests wait.
_POLL_S = 0.02
_Response = TypeVar("_Response", classification_pb2.ClassificationResponse, regression_pb2.RegressionResponse)
_Request: TypeAlias = (
    predict_pb2.PredictRequest
    | classification_pb2.ClassificationRequest
    | regression_pb2.RegressionRequest
    | get_model_metadata_pb2.GetModelMetadataRequest
)


class Core:
    """One method for each kind of request; each raises `ServingError` with upstream's text.

    Methods that run a model also note its version and signature in the record that they take.

    Args:
        repository: holds the models.
        executor: runs long calls.
        as_content: whether replies hold tensors as bytes.
        check_method_names: whether a signature must be made for the method that a request calls.
        models_root: replaces `/models` in a configuration from a client; empty: `/models` itself.
        total: returns the value of a counter, given its path.
    """

    def __init__(
        self,
        repository: Repository,
        executor: Executor,
        as_content: bool = False,
        check_method_names: bool = False,
        models_root: str = "",
        total: Callable[[str], int] = lambda path: 0,
    ):
        self._repository = repository
        self._reloader = Reloader(repository, models_root, total)
        self._executor = executor
        self._as_content = as_content
        self._check_method_names = check_method_names
        # One call each: threads that run Python take turns, so more would only slow each other down.
        self._small, self._large = asyncio.Semaphore(1), asyncio.Semaphore(1)
        self._in_flight: set[asyncio.Task | None] = set()

    async def predict(
        self, request: predict_pb2.PredictRequest, record: RequestRecord
    ) -> predict_pb2.PredictResponse:
        """Runs a signature of a model."""
        spec = _copy_spec(request)
        name = spec.signature_name or DEFAULT_SIGNATURE
        async with self._lend_runner(spec, record, name) as (number, runner):
            run = await self._call_off_loop(
                record,
                record.size,
                plan,
                runner.signatures,
                name,
                request.inputs,
                decode_tensor,
                request.output_filter,
                self._check_method_names,
            )
            del request  # frees it while the model runs; it may be large
            outputs = run.result(await _run(runner, run, record))
        response = predict_pb2.PredictResponse()
        _fill_spec(response.model_spec, spec.name, number, name)
        for alias, array in outputs.items():
            await self._call_off_loop(
                record, array.nbytes, fill_tensor, response.outputs[alias], array, self._as_content
            )
        return response

    async def predict_json(self, spec: model_pb2.ModelSpec, body: bytes, record: RequestRecord) -> bytes:
        """Runs a signature of a model on a JSON body and returns the reply's JSON."""
        parsed = await self._call_off_loop(record, len(body), PredictBody.parse, body)
        name = parsed.signature_name or DEFAULT_SIGNATURE
        async with self._lend_runner(spec, record, name) as (_, runner):
            if name not in runner.signatures:  # the inputs cannot be read without it
                raise InvalidArgumentError(f'Serving signature name: "{name}" not found in signature def')
            infos = runner.signatures[name].inputs
            tensors = await self._call_off_loop(record, len(body), parsed.read_numeric_tensors, infos)
            if not tensors:
                tensors = await self._call_off_loop(
                    record, len(body) * _COST_OF_TEXT, parsed.read_tensors, infos
                )
            inputs, form = tensors
            del parsed, body
            run = plan(
                runner.signatures,
                name,
                inputs,
                lambda array: array,
                check_method_names=self._check_method_names,
            )
            outputs = run.result(await _run(runner, run, record))
        values = sum(array.size for array in outputs.values())
        return await self._call_off_loop(record, values * _COST_OF_A_VALUE, write_predictions, outputs, form)

    async def classify(
        self, request: classification_pb2.ClassificationRequest, record: RequestRecord
    ) -> classification_pb2.ClassificationResponse:
        """Classifies examples."""
        return await self._infer_proto(
            CLASSIFY_METHOD, request, record, classification_pb2.ClassificationResponse()
        )

    async def regress(
        self, request: regression_pb2.RegressionRequest, record: RequestRecord
    ) -> regression_pb2.RegressionResponse:
        """Computes a value for each example."""
        return await self._infer_proto(REGRESS_METHOD, request, record, regression_pb2.RegressionResponse())

    async def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, record: RequestRecord
    ) -> inference_pb2.MultiInferenceResponse:
        """Classifies and regresses with several signatures of a model in one run."""
        # The version comes from the first task alone.
        spec = request.tasks[0].model_spec if request.tasks else model_pb2.ModelSpec()
        async with self._lend_runner(spec, record) as (number, runner):
            run = plan_multi_inference(runner.signatures, request, self._check_method_names)
            fetched = await _run(runner, run, record, examples=run.examples)
        response = inference_pb2.MultiInferenceResponse()
        for name, result in run.result(fetched).items():
            entry = response.results.add()
            _fill_spec(entry.model_spec, spec.name, number, name)
            if isinstance(result, Classification):
                result.fill(entry.classification_result)
            else:
                result.fill(entry.regression_result)
        return response

    async def infer_json(
        self, method: str, spec: model_pb2.ModelSpec, body: bytes, record: RequestRecord
    ) -> bytes:
        """Classifies or regresses the examples of a JSON body and returns the reply's JSON."""
        name, examples = await self._call_off_loop(record, len(body) * _COST_OF_TEXT, read_examples, body)
        # A message holds UTF-8 only, and so does the name of any signature.
        spec.signature_name = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        _, result = await self._infer(method, spec, examples, record)
        return await self._call_off_loop(record, result.size * _COST_OF_A_VALUE, result.to_json)

    async def get_model_metadata(
        self, request: get_model_metadata_pb2.GetModelMetadataRequest, record: RequestRecord
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """Returns the signatures of a model."""
        if not request.metadata_field:
            raise InvalidArgumentError("GetModelMetadataRequest must specify at least one metadata_field")
        for field in request.metadata_field:
            if field != _SIGNATURES:
                raise InvalidArgumentError(f"Metadata field {field} is not supported")
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        async with self._lend_runner(_copy_spec(request), record) as (number, runner):
            _fill_spec(response.model_spec, request.model_spec.name, number)
            signatures = get_model_metadata_pb2.SignatureDefMap()
            for name, signature in runner.signatures.items():
                signatures.signature_def[name].CopyFrom(signature)
                signatures.signature_def[name].ClearField("defaults")  # they may be large
            response.metadata[_SIGNATURES].Pack(signatures)
        return response

    async def get_model_status(
        self, request: get_model_status_pb2.GetModelStatusRequest, record: RequestRecord
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """Returns the state of one version of a model, or of every version ever seen, highest first."""
        if not request.HasField("model_spec"):
            raise InvalidArgumentError("Missing ModelSpec")
        spec = request.model_spec
        statuses = self._repository.statuses(spec.name)
        if spec.HasField("version"):
            statuses = [status for status in statuses if status.number == spec.version.value]
            if not statuses:
                raise NotFoundError(f"Could not find version {spec.version.value} of model {spec.name}")
        if not statuses:
            raise NotFoundError(f"Could not find any versions of model {spec.name}")
        return _to_status_response(statuses)

    async def _infer_proto(
        self, method: str, request: Any, record: RequestRecord, response: _Response
    ) -> _Response:
        spec = _copy_spec(request)
        number, result = await self._infer(method, spec, request.input, record)
        _fill_spec(response.model_spec, spec.name, number, spec.signature_name or DEFAULT_SIGNATURE)
        await self._call_off_loop(record, result.size * _COST_OF_A_VALUE, result.fill, response.result)
        return response

    async def _infer(
        self, method: str, spec: model_pb2.ModelSpec, examples: input_pb2.Input, record: RequestRecord
    ) -> tuple[int, Classification | Regression]:
        """Runs a signature on examples and returns the version's number and the result."""
        name = spec.signature_name or DEFAULT_SIGNATURE
        async with self._lend_runner(spec, record, name) as (number, runner):
            run = plan_examples(runner.signatures, name, method, examples, self._check_method_names)
            return number, run.result(await _run(runner, run, record))

    def list_models(self) -> dict[str, tuple[str, get_model_status_pb2.GetModelStatusResponse]]:
        """Returns the base path and the versions of each configured model, by name."""
        return {
            config.name: (config.base_path, _to_status_response(self._repository.statuses(config.name)))
            for config in self._repository.configs()
        }

    async def reload_config(
        self, request: model_management_pb2.ReloadConfigRequest, record: RequestRecord
    ) -> model_management_pb2.ReloadConfigResponse:
        """Replaces the configuration and waits for its new models."""
        return await self._reloader.reload(request)

    async def finish(self, timeout_s: float) -> None:
        """Waits for the requests to models that are in flight, for up to `timeout_s`."""
        if tasks := {task for task in self._in_flight if task}:
            await asyncio.wait(tasks, timeout=timeout_s)

    @asynccontextmanager
    async def _lend_runner(
        self, spec: model_pb2.ModelSpec, record: RequestRecord, signature: str = ""
    ) -> AsyncIterator[tuple[int, Runner]]:
        """Lends the requested version; waits while it is still loading."""
        if not spec.name:
            raise InvalidArgumentError("ModelSpec has no name specified.")
        number = spec.version.value if spec.HasField("version") else None
        label = spec.version_label if spec.HasField("version_label") else None
        while self._repository.is_starting(spec.name):
            await asyncio.sleep(_POLL_S)
        with self._repository.use(spec.name, number, label) as (found, runner):
            record.version = str(found)
            record.signature = signature if signature in runner.signatures else ""
            task = asyncio.current_task()
            self._in_flight.add(task)
            try:
                yield found, runner
            finally:
                self._in_flight.discard(task)

    async def _call_off_loop(
        self, record: RequestRecord, size: int, call: Callable[..., Any], *arguments: Any
    ) -> Any:
        """Calls a function that takes as long as reading `size` bytes of numbers; if long, on a thread.

        The call ends at the request's deadline.
        """
        if size <= _MAX_SIZE_ON_LOOP:
            return call(*arguments)
        async with self._large if size > _LARGE else self._small:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, call_until, record.ends, call, *arguments)


async def _run(
    runner: Runner, run: Run | MultiRun, record: RequestRecord, examples: int | None = None
) -> Tensors:
    began = time.perf_counter()
    fetched = await runner.run(run.feeds, run.fetches, record.timeout_s)
    record.record_run(time.perf_counter() - began, examples)
    return fetched


def _copy_spec(request: _Request) -> model_pb2.ModelSpec:
    """Returns a copy, because a part of a message keeps the whole in memory."""
    if not request.HasField("model_spec"):
        raise InvalidArgumentError("Missing ModelSpec")
    spec = model_pb2.ModelSpec()
    spec.CopyFrom(request.model_spec)
    return spec


def _fill_spec(spec: model_pb2.ModelSpec, name: str, number: int, signature_name: str = "") -> None:
    spec.name = name
    spec.version.value = number
    spec.signature_name = signature_name


def _to_status_response(statuses: Iterable[VersionStatus]) -> get_model_status_pb2.GetModelStatusResponse:
    response = get_model_status_pb2.GetModelStatusResponse()
    for status in statuses:
        message = response.model_version_status.add(version=status.number, state=int(status.state))
        message.status.SetInParent()
        if status.error:
            message.status.error_code = status.error.number
            message.status.error_message = str(status.error)
    return response

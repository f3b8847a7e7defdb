"""Plans a predict request on one loaded model, with upstream's checks in upstream's order."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from keras_session5.errors import FailedPreconditionError, InternalError, InvalidArgumentError
from keras_session5.server.codecs.tensors import decode_tensor
from keras_session5.server.runtime import SignatureDef, Tensors

DEFAULT_SIGNATURE = "serving_default"
PREDICT_METHOD = "tensorflow/serving/predict"
CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"
_METHODS = (PREDICT_METHOD, CLASSIFY_METHOD, REGRESS_METHOD)
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Run:
    """The tensors to feed and to fetch for a checked request.

    Attributes:
        feeds: the value of each input, by the name of its tensor in the graph.
        outputs: the name of each output's tensor in the graph, by alias.
    """

    feeds: Tensors
    outputs: Mapping[str, str]

    @property
    def fetches(self) -> Collection[str]:
        """The names of the tensors to fetch."""
        return self.outputs.values()

    def result(self, fetched: Tensors) -> Any:
        """Returns the outputs by alias."""
        return {alias: fetched[name] for alias, name in self.outputs.items()}


def plan(
    signatures: Mapping[str, SignatureDef],
    signature_name: str,
    inputs: Mapping[str, _Value],
    decode: Callable[[_Value], np.ndarray],
    output_filter: Collection[str] = (),
    check_method_names: bool = False,
) -> Run:
    """Returns how to run a signature for its outputs, or those in `output_filter`.

    Args:
        signatures: those of the loaded model.
        signature_name: the signature to run.
        inputs: a value for each input, by alias.
        decode: turns such a value into an array; raises `ValueError` if it holds none.
        output_filter: aliases of the outputs to return; empty for all.
        check_method_names: whether the signature must name a method of TensorFlow Serving.

    Raises:
        ServingError: the request does not match the signature.
    """
    if signature_name not in signatures:
        raise FailedPreconditionError(f'Serving signature key "{signature_name}" not found.')
    signature = signatures[signature_name]
    if check_method_names and signature.method_name not in _METHODS:
        raise InternalError(
            f"Expected prediction signature method_name to be one of {{{', '.join(_METHODS)}}}."
            f" Was: {signature.method_name}"
        )
    _check_input_count(signature, inputs)
    feeds = {
        signature.inputs[alias].name: _get_input(signature, alias, inputs, decode)
        for alias in sorted(signature.inputs)
    }
    _check_extra_inputs(signature, inputs)
    _check_output_filter(signature, output_filter)
    return Run(
        feeds, {alias: signature.outputs[alias].name for alias in output_filter or sorted(signature.outputs)}
    )


def _check_input_count(signature: SignatureDef, inputs: Mapping[str, object]) -> None:
    sent, expected = set(inputs), set(signature.inputs)
    too_few = len(sent) < len(expected) and not signature.defaults
    if len(sent) > len(expected) or too_few:
        raise InvalidArgumentError(
            f"input size does not match signature: {len(sent)}!={len(expected)} len({_join(sent)}) !="
            f" len({_join(expected)}). Sent extra: {_join(sent - expected)}."
            f" Missing but required: {_join(expected - sent)}."
        )


def _get_input(
    signature: SignatureDef,
    alias: str,
    inputs: Mapping[str, _Value],
    decode: Callable[[_Value], np.ndarray],
) -> np.ndarray:
    try:
        if alias in inputs:
            return decode(inputs[alias])
        if alias in signature.defaults:
            return decode_tensor(signature.defaults[alias])
    except ValueError as error:
        raise InvalidArgumentError(f"tensor parsing error: {alias}") from error
    raise InvalidArgumentError(
        f"Signature input alias: {alias}(feed name: {signature.inputs[alias].name}) not found in request and"
        f" no default value provided. Inputs expected to be in the request {_join(inputs)}, or default input"
        f" alias set: {','.join(sorted(signature.defaults))}"
    )


def _check_extra_inputs(signature: SignatureDef, inputs: Mapping[str, object]) -> None:
    used = [alias for alias in inputs if alias in signature.inputs]
    if len(used) != len(inputs):
        raise InvalidArgumentError(
            f"Inputs contains invalid name. Used request inputs: {','.join(sorted(used))},"
            f" request input: {','.join(sorted(inputs))}"
        )


def _check_output_filter(signature: SignatureDef, output_filter: Iterable[str]) -> None:
    seen = set()
    for alias in output_filter:
        if alias not in signature.outputs:
            raise InvalidArgumentError(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in the set"
                f" {_join(signature.outputs)}."
            )
        if alias in seen:
            raise InvalidArgumentError(f"duplicate output tensor alias: {alias}")
        seen.add(alias)


def _join(names: Iterable[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"

"""A predict request on one loaded model: upstream's checks in upstream's order, then the run."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeVar

import numpy as np

from keras_session5.errors import FailedPreconditionError, InvalidArgumentError
from keras_session5.server.codecs.tensors import decode_tensor
from keras_session5.server.runtime import Servable, SignatureDef

DEFAULT_SIGNATURE = "serving_default"
_Value = TypeVar("_Value")


def predict(
    servable: Servable,
    signature_name: str,
    inputs: Mapping[str, _Value],
    decode: Callable[[_Value], np.ndarray],
    output_filter: Collection[str] = (),
) -> dict[str, np.ndarray]:
    """Runs a signature and returns its outputs, or those in `output_filter`.

    Args:
        servable: the loaded model.
        signature_name: the signature to run.
        inputs: a value for each input, by alias.
        decode: turns such a value into an array; `ValueError` means that it does not hold one.
        output_filter: aliases of the outputs to return; empty for all.
    """
    if signature_name not in servable.signatures:
        raise FailedPreconditionError(f'Serving signature key "{signature_name}" not found.')
    signature = servable.signatures[signature_name]
    _check_input_count(signature, inputs)
    arrays = {alias: _input(signature, alias, inputs, decode) for alias in sorted(signature.inputs)}
    _check_extra_inputs(signature, inputs)
    _check_output_filter(signature, output_filter)
    outputs = servable.run(signature_name, arrays)
    return {alias: outputs[alias] for alias in output_filter or sorted(outputs)}


def _check_input_count(signature: SignatureDef, inputs: Mapping[str, object]) -> None:
    sent, expected = set(inputs), set(signature.inputs)
    too_few = len(sent) < len(expected) and not signature.defaults
    if len(sent) > len(expected) or too_few:
        raise InvalidArgumentError(
            f"input size does not match signature: {len(sent)}!={len(expected)} len({_set(sent)}) !="
            f" len({_set(expected)}). Sent extra: {_set(sent - expected)}."
            f" Missing but required: {_set(expected - sent)}."
        )


def _input(
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
        f" no default value provided. Inputs expected to be in the request {_set(inputs)}, or default input"
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
                f" {_set(signature.outputs)}."
            )
        if alias in seen:
            raise InvalidArgumentError(f"duplicate output tensor alias: {alias}")
        seen.add(alias)


def _set(names: Iterable[str]) -> str:
    return f"{{{','.join(sorted(names))}}}"

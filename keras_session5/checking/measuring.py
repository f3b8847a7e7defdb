"""Loads a version and calls it: what it costs, and whether it answers its own warm-up requests."""

import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_session5.checking.finding import ERROR, Finding
from keras_session5.errors import ServingError

QUICK_BYTES = 256 * 2**20  # smaller models load within seconds
_STEADY_S = 0.5  # of calls, after the first
_MOST_CALLS = 200


def measure_version(path: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Returns the figures of a version, and the reason if it cannot be loaded or called.

    Returns:
        `load_seconds`; and of one request, the first warm-up request or else zeros for `serving_default`:
        `signature`, `first_call_ms` and `steady_call_ms`, the median. Figures that do not exist are missing.
    """
    from keras_session5.server.runtime import SavedModel
    from keras_session5.server.warmup import warm_up

    figures: dict[str, Any] = {}
    began = time.perf_counter()
    try:
        servable = SavedModel(str(path))
        figures["load_seconds"] = time.perf_counter() - began
        if request := next(read_requests(path), None):
            figures |= _time_calls(servable, *request)
        elif zeros := _make_zeros(servable):
            with contextlib.suppress(ServingError):  # the model may refuse zeros with good reason
                figures |= _time_calls(servable, "serving_default", zeros)
        warm_up(servable, str(path), iterations=1)
    except ServingError as error:
        doing = "answers no request" if "load_seconds" in figures else "cannot be loaded"
        finding = Finding(
            ERROR,
            str(path),
            f"{doing}: {error.sentence.strip().splitlines()[0]}",
            "A server replays the warm-up requests first, and serves the version only if all succeed.",
            "Export it again, and compare the SavedModel with the model before it is copied",
        )
        return figures, [finding]
    return figures, []


def measure_size(path: Path) -> int:
    """Returns the size of all files of a version in bytes."""
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def read_requests(path: Path) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yields the signature and the inputs of each predict request among a version's warm-up requests.

    Raises:
        ServingError: the file is invalid.
    """
    from keras_session5.server.codecs.tensors import decode_tensor
    from keras_session5.server.warmup import FILE, records

    file = path / FILE
    for record in records(str(file)) if file.is_file() else ():
        if record.WhichOneof("log_type") == "predict_log":
            request = record.predict_log.request
            inputs = {name: decode_tensor(tensor) for name, tensor in request.inputs.items()}
            yield request.model_spec.signature_name or "serving_default", inputs


def call(servable: Any, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns the outputs of a loaded version by name.

    Raises:
        ServingError: the version refuses the request.
    """
    from keras_session5.server.predict import plan

    run = plan(servable.signatures, signature, inputs, np.asarray)
    return run.result(servable.run(run.feeds, run.fetches))


def _make_zeros(servable: Any) -> dict[str, np.ndarray] | None:
    """Returns zeros for `serving_default`; None if it takes strings or a value of any rank."""
    import tensorflow as tf

    if not (signature := servable.signatures.get("serving_default")):
        return None
    inputs = {}
    for name, info in signature.inputs.items():
        dtype = tf.as_dtype(info.dtype)
        if dtype == tf.string or info.tensor_shape.unknown_rank:
            return None
        inputs[name] = np.zeros([max(dim.size, 1) for dim in info.tensor_shape.dim], dtype.as_numpy_dtype)
    return inputs


def _time_calls(servable: Any, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, Any]:
    times: list[float] = []
    while len(times) < 2 or (sum(times[1:]) < _STEADY_S and len(times) < _MOST_CALLS):
        began = time.perf_counter()
        call(servable, signature, inputs)
        times.append(time.perf_counter() - began)
    first, steady = times[0], statistics.median(times[1:])
    return {"signature": signature, "first_call_ms": first * 1e3, "steady_call_ms": steady * 1e3}

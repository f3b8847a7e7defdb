"""A tiny TensorFlow Serving: what both of its APIs share. The two adapters are beside this file."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Name -> (dtype as TensorFlow writes it, sizes; -1: any).
Tensors = dict[str, tuple[str, list[int]]]

NUMPY = {
    "DT_BOOL": "bool",
    "DT_INT8": "int8",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_UINT64": "uint64",
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_STRING": "object",
}


class FakeError(Exception):
    """What the server refuses: a canonical code and the text for it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass
class FakeSignature:
    inputs: Tensors
    outputs: Tensors
    call: Callable[[dict[str, Any]], dict[str, Any]]


FakeModel = dict[str, FakeSignature]


@dataclass
class FakeServing:
    """Models by name and version; counts what it is asked."""

    models: dict[str, dict[int, FakeModel]]
    labels: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def find(self, name: str, version: int | None, label: str | None) -> tuple[int, FakeModel]:
        if label is not None and label not in self.labels:
            raise FakeError("INVALID_ARGUMENT", f"Unrecognized servable version label: {label}")
        wanted = version if label is None else self.labels[label]
        versions = self.models.get(name, {})
        which = f"Latest({name})" if wanted is None else f"Specific({name}, {wanted})"
        chosen = max(versions, default=None) if wanted is None else wanted
        if chosen not in versions:
            raise FakeError("NOT_FOUND", f"Servable not found for request: {which}")
        return chosen, versions[chosen]

    def metadata(self, name: str, version: int | None, label: str | None) -> tuple[int, FakeModel]:
        self.asked.append("metadata")
        return self.find(name, version, label)

    def predict(
        self, name: str, version: int | None, label: str | None, signature_name: str
    ) -> FakeSignature:
        self.asked.append("predict")
        signatures = self.find(name, version, label)[1]
        if signature_name not in signatures:
            raise FakeError("INVALID_ARGUMENT", f'Serving signature name: "{signature_name}" not found')
        return signatures[signature_name]

    def versions(self, name: str, version: int | None) -> list[int]:
        """Lowest first, which is not the order that the client promises."""
        found = sorted(one for one in self.models.get(name, {}) if version in (None, one))
        if not found:
            raise FakeError("NOT_FOUND", f"Could not find any versions of model {name}")
        return found


def echo(dtype: str, shape: list[int]) -> FakeModel:
    """A model whose only output `y` is its only input `x`."""
    tensor = (dtype, shape)
    return {"serving_default": FakeSignature({"x": tensor}, {"y": tensor}, lambda given: {"y": given["x"]})}


def constant(value: float, name: str) -> FakeModel:
    """A model that gives one number under the name `name`, whatever it is asked."""
    answer = np.array([value], np.float32)
    signature = FakeSignature({"x": ("DT_FLOAT", [-1])}, {name: ("DT_FLOAT", [-1])}, lambda _: {name: answer})
    return {"serving_default": signature}


def classifier() -> FakeModel:
    """Several inputs and outputs of several dtypes, and a second signature over strings."""
    numbers = FakeSignature(
        {"image": ("DT_FLOAT", [-1, 2]), "shift": ("DT_INT32", [])},
        {"probabilities": ("DT_FLOAT", [-1, 2]), "best": ("DT_INT64", [-1])},
        lambda x: {"probabilities": x["image"] + x["shift"], "best": x["image"].argmax(axis=1)},
    )
    strings = FakeSignature(
        {"text": ("DT_STRING", [-1])},
        {
            "upper": ("DT_STRING", [-1]),
            "latin": ("DT_STRING", [-1]),
            "image_bytes": ("DT_STRING", [-1]),
            "length": ("DT_INT32", [-1]),
        },
        _strings,
    )
    return {"serving_default": numbers, "from_text": strings}


def _strings(given: dict[str, Any]) -> dict[str, Any]:
    texts = [text.decode() for text in given["text"]]
    return {
        "upper": np.array([text.upper().encode() for text in texts], object),
        "latin": np.array([text.encode("latin-1") for text in texts], object),
        "image_bytes": given["text"],
        "length": np.array([len(text) for text in texts], np.int32),
    }


def fake_serving() -> FakeServing:
    """One of each kind of model."""
    fake = FakeServing({}, labels={"stable": 1})

    def sleep(given: dict[str, Any]) -> dict[str, Any]:
        fake.stop.wait(20)
        return given

    tensor = ("DT_FLOAT", [-1])
    fake.models |= {f"echo_{name}": {1: echo(dtype, [-1])} for dtype, name in NUMPY.items()}
    fake.models |= {
        "matrix": {1: echo("DT_FLOAT", [-1, 10])},
        "half": {1: echo("DT_BFLOAT16", [-1])},
        "any_rank": {1: echo("DT_FLOAT", [])},
        "classifier": {1: classifier(), 3: classifier()},
        "versions": {1: constant(1, "old"), 2: constant(2, "new")},
        "a b/c:d%é": {1: constant(7, "y")},
        "slow": {1: {"serving_default": FakeSignature({"x": tensor}, {"x": tensor}, sleep)}},
    }
    return fake


def wait_until(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    """Waits for a condition; raises `TimeoutError` when it does not come true."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)

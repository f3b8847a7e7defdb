"""What is asked of a server and what it tells about its models."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_session5.client.dtypes import dtype_name
from keras_session5.errors import ArgumentError


@dataclass(frozen=True)
class TensorInfo:
    """What a signature says about one input or output.

    Attributes:
        dtype: NumPy's name of it, or `"string"`; TensorFlow's name where NumPy has no such dtype.
        shape: one entry per dimension, `None` where any size will do; `None` for any rank.
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    @staticmethod
    def of(tf_dtype: str, dims: Iterable[int], unknown_rank: bool) -> "TensorInfo":
        """Returns the information that TensorFlow writes as `DT_FLOAT`, sizes (-1: any) and a flag."""
        shape = None if unknown_rank else tuple(None if size < 0 else size for size in dims)
        return TensorInfo(dtype_name(tf_dtype), shape)

    def zeros(self) -> np.ndarray:
        """Zeros to ask with where nothing better is known, integers of one row; where any size will do, 1."""
        return np.zeros([size or 1 for size in self.shape or ()], int)


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of one way to call a model, by name."""

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version of a model.

    Attributes:
        version: its number.
        state: `"START"`, `"LOADING"`, `"AVAILABLE"`, `"UNLOADING"`, `"END"` or `"UNKNOWN"`.
        error: why it could not be loaded; empty if nothing is wrong.
    """

    version: int
    state: str
    error: str


@dataclass(frozen=True)
class ModelMetadata:
    """The version that a server chose for a request, and its signatures by name."""

    version: int
    signatures: Mapping[str, Signature]


@dataclass(frozen=True)
class ModelSpec:
    """Which model is meant: its highest available version, a given version, or a version by its label."""

    name: str
    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        check_name("name", self.name)
        if self.label is not None:
            check_name("label", self.label)
        if self.version is None:
            return
        if type(self.version) is not int or not 0 <= self.version < 2**63:
            raise ArgumentError(
                f"`version` must be an integer of at least 0 (64 bits). Received: version={self.version!r}"
            )
        if self.label is not None:
            raise ArgumentError(
                "Give `version` or `label`, not both. "
                f"Received: version={self.version!r}, label={self.label!r}"
            )


def check_name(argument: str, value: Any) -> str:
    """Returns `value` if it is text that can be sent as a name, else raises `ArgumentError`."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ArgumentError(f"`{argument}` must be printable text. Received: {argument}={value!r}")
    return value

"""Records of a model server's models, versions and signatures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_session5.client.dtypes import dtype_name
from keras_session5.errors import ArgumentError


@dataclass(frozen=True)
class TensorInfo:
    """A signature's declaration of one input or output.

    Attributes:
        dtype: NumPy's name or `"string"`; TensorFlow's name if NumPy lacks the dtype.
        shape: one entry per dimension, None for any size; None instead of a tuple for any rank.
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    @staticmethod
    def of(tf_dtype: str, dims: Iterable[int], unknown_rank: bool) -> "TensorInfo":
        """Converts TensorFlow's form: a name such as `DT_FLOAT`, sizes (-1 for any) and a flag."""
        shape = None if unknown_rank else tuple(None if size < 0 else size for size in dims)
        return TensorInfo(dtype_name(tf_dtype), shape)

    def zeros(self) -> np.ndarray:
        """Returns integer zeros for an example request, with size 1 in dimensions of any size."""
        return np.zeros([size or 1 for size in self.shape or ()], int)


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of one signature, by name."""

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]


@dataclass(frozen=True)
class VersionStatus:
    """The state of one version of a model.

    Attributes:
        version: the version's number.
        state: `"START"`, `"LOADING"`, `"AVAILABLE"`, `"UNLOADING"`, `"END"` or `"UNKNOWN"`.
        error: the reason of a failed load; empty without a failure.
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
    """Names a model in its highest available version, or in a version given by number or label."""

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
    """Returns `value` if it is a valid name, that is printable text; else raises `ArgumentError`."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ArgumentError(f"`{argument}` must be printable text. Received: {argument}={value!r}")
    return value

"""The parameters of `--enable_batching`: TensorFlow Serving's `BatchingParameters`."""

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.text_protos import BatchingParametersProto, read_text_proto

# Upstream's name for the threads if there is a file that does not name them.
_UNNAMED_THREADS: dict[str, Any] = {"thread_pool_name": "batch_threads"}


@dataclass(frozen=True)
class BatchingParameters:
    """Upstream's parameters and defaults. Sizes count rows.

    Attributes:
        max_batch_size: rows of a batch, and of one request.
        batch_timeout_micros: how long a batch waits to become full.
        max_enqueued_batches: batches of one signature that may wait; further requests are refused.
        num_batch_threads: batches that run at once, across all models.
        thread_pool_name: the name of the threads in the metrics.
        allowed_batch_sizes: ascending; a batch is padded to the next of these sizes. Empty: any size.
        pad_variable_length_inputs: pad the other dimensions too, with each tensor's first element.
        enable_large_batch_splitting: run a large request in pieces of `max_execution_batch_size` rows.
        max_execution_batch_size: rows of such a piece; 0: `max_batch_size`.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    thread_pool_name: str = "model_server_batch_threads"
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False
    max_execution_batch_size: int = 0

    def __post_init__(self) -> None:
        for name in ("max_batch_size", "num_batch_threads"):
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name} must be positive; was {getattr(self, name)}")
        for name in ("batch_timeout_micros", "max_enqueued_batches", "max_execution_batch_size"):
            if getattr(self, name) < 0:
                raise InvalidArgumentError(f"{name} must be non-negative; was {getattr(self, name)}")
        if any(a >= b for a, b in pairwise(self.allowed_batch_sizes)):
            raise InvalidArgumentError("allowed_batch_sizes entries must be monotonically increasing")
        if self.allowed_batch_sizes and self.allowed_batch_sizes[-1] != self.execution_size:
            raise InvalidArgumentError(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was"
                f" {self.allowed_batch_sizes[-1]}; expected {self.execution_size}"
            )

    @property
    def execution_size(self) -> int:
        """The largest number of rows in one run."""
        if self.enable_large_batch_splitting and self.max_execution_batch_size:
            return self.max_execution_batch_size
        return self.max_batch_size


def read_batching_parameters(path: str | os.PathLike[str]) -> BatchingParameters:
    """Returns the parameters of a file with a `BatchingParameters` message in text form.

    Raises:
        NotFoundError: there is no such file.
        InvalidArgumentError: it does not parse, or the parameters contradict each other.
    """
    message = read_text_proto(path, BatchingParametersProto())
    given = {field.name: value for field, value in message.ListFields()}
    return BatchingParameters(
        allowed_batch_sizes=tuple(given.pop("allowed_batch_sizes", ())),
        **_UNNAMED_THREADS | {name: getattr(value, "value", value) for name, value in given.items()},
    )

"""Merges requests to a model into batches where that cannot change a result.

The requests that arrive while one batch runs form the next, so none waits for others that may not come. With
`--enable_batching`, upstream's parameters decide instead. Everything but the runs happens on the event loop,
so nothing needs a lock.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_session5.errors import FailedPreconditionError, InvalidArgumentError, UnavailableError
from keras_session5.server.batching_parameters import BatchingParameters
from keras_session5.server.metrics import Metrics
from keras_session5.server.runtime import Servable, SignatureDef, Tensors

# Without parameters: enough rows to make a run's fixed cost negligible, few enough to keep waits short, and a
# queue that never refuses a request.
_DEFAULTS = BatchingParameters(max_batch_size=64, max_enqueued_batches=2**31)

# A single row runs on the event loop itself if rows of its shape take less than this: two thread switches
# take as long, and no other request is waiting yet.
_QUICK_S = 0.001
# gRPC delivers simultaneous requests in several rounds of the event loop. Without a wait for them the
# throughput of 64 connections halves; a longer wait does not raise it.
_QUIET_ROUNDS = 2

Fetched = dict[str, np.ndarray]


class Runner:
    """Runs one loaded version: each request on its own, or merged with others.

    Args:
        servable: the loaded version.
        executor: runs the model.
        independent: the signatures with rows that are known not to affect each other.
        parameters: the limits of batches, for all signatures; None: merges only `independent` ones.
        threads: limits the batches that run at once, across all versions; None: one for each queue.
        metrics: counts the batches.
    """

    def __init__(
        self,
        servable: Servable,
        executor: futures.Executor,
        independent: Collection[str] = (),
        parameters: BatchingParameters | None = None,
        threads: asyncio.Semaphore | None = None,
        metrics: Metrics | None = None,
    ):
        self._jobs: set[futures.Future] = set()  # this version's runs on the executor
        self._metrics = metrics
        self.servable = servable
        self.signatures: Mapping[str, SignatureDef] = servable.signatures
        self._executor = executor
        self._parameters = parameters
        self._threads = threads
        merged = [self.signatures[name] for name in (self.signatures if parameters else independent)]
        merged = [signature for signature in merged if signature.inputs]
        self._mergeable = [
            ({info.name for info in s.inputs.values()}, {info.name for info in s.outputs.values()})
            for s in merged
        ]
        self._shapes = {} if parameters is None else _get_shapes(merged)
        self._queues: dict[tuple, _Queue] = {}

    async def run(self, feeds: Tensors, fetches: Collection[str], timeout_s: float | None = None) -> Fetched:
        """Feeds tensors by name and returns the fetched ones; may give up a run after `timeout_s`."""
        rows = _count_rows(feeds)
        if not self._can_merge(feeds, fetches, rows):
            return await self._submit(self.servable.run, feeds, fetches, timeout_s)
        if rows is None:
            raise InvalidArgumentError("Batching Run() input tensors must have equal 0th-dimension size")
        return await self._find_queue(feeds, fetches).run(feeds, rows, timeout_s)

    def wait(self) -> None:
        """Blocks until all runs have ended, including those that no client waits for."""
        futures.wait(set(self._jobs))

    def _submit(self, call: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        job = self._executor.submit(call, *arguments)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return asyncio.wrap_future(job)

    def _can_merge(self, feeds: Tensors, fetches: Collection[str], rows: int | None) -> bool:
        if not any(
            inputs == feeds.keys() and outputs.issuperset(fetches) for inputs, outputs in self._mergeable
        ):
            return False
        return self._parameters is not None or (rows is not None and 0 < rows <= _DEFAULTS.max_batch_size)

    def _find_queue(self, feeds: Tensors, fetches: Collection[str]) -> "_Queue":
        # Without parameters only equal shapes share a queue, so that no request fails because of another's.
        shapes = [(a.dtype.char, a.shape[1:]) for a in feeds.values()] if self._parameters is None else ()
        key = (*feeds, *sorted(set(fetches)), *shapes)
        if key not in self._queues:
            for other in [k for k, queue in self._queues.items() if queue.idle]:
                del self._queues[other]  # clients may send any number of shapes
            self._queues[key] = _Queue(
                self.servable,
                self._submit,
                sorted(set(fetches)),
                self._parameters or _DEFAULTS,
                self._threads or asyncio.Semaphore(1),
                self._shapes,
                self._metrics,
            )
        return self._queues[key]


@dataclass(eq=False)
class _Task:
    """A request's part in a batch."""

    feeds: Tensors
    rows: int
    result: asyncio.Future[Fetched]
    timeout_s: float | None
    enqueued: float = field(default_factory=time.perf_counter)


@dataclass(eq=False)
class _Batch:
    tasks: list[_Task] = field(default_factory=list)
    rows: int = 0
    full: asyncio.Event = field(default_factory=asyncio.Event)


class _Queue:
    """The waiting batches of one signature. The last one is open: it takes more tasks until it starts."""

    def __init__(
        self,
        servable: Servable,
        submit: Callable[..., asyncio.Future[Any]],
        fetches: Sequence[str],
        parameters: BatchingParameters,
        threads: asyncio.Semaphore,
        shapes: Mapping[str, tuple[int, ...] | None],
        metrics: Metrics | None,
    ):
        self.waiting: list[_Batch] = []
        self._servable, self._submit, self._fetches = servable, submit, fetches
        self._parameters, self._threads, self._shapes = parameters, threads, shapes
        self._metrics = metrics
        self._steady = not shapes and servable.is_steady(fetches)
        self._seconds = math.inf  # of the last run of a single row
        self._processes: set[asyncio.Task] = set()  # the event loop holds only weak references

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._processes

    async def run(self, feeds: Tensors, rows: int, timeout_s: float | None) -> Fetched:
        """Returns a request's outputs once its batch has run."""
        most, size = self._parameters.max_batch_size, self._parameters.execution_size
        if rows > most:
            raise InvalidArgumentError(f"Task size {rows} is larger than maximum input batch size {most}")
        if rows <= size:
            return await self._add(feeds, rows, timeout_s)
        starts = range(0, rows, size)
        pieces = [{name: array[start : start + size] for name, array in feeds.items()} for start in starts]
        results = await asyncio.gather(
            *(
                self._add(piece, min(size, rows - at), timeout_s)
                for piece, at in zip(pieces, starts, strict=True)
            )
        )
        return {name: np.concatenate([result[name] for result in results]) for name in results[0]}

    def _add(self, feeds: Tensors, rows: int, timeout_s: float | None) -> asyncio.Future[Fetched]:
        task = _Task(feeds, rows, asyncio.get_running_loop().create_future(), timeout_s)
        if not self.waiting or self.waiting[-1].rows + rows > self._parameters.execution_size:
            self._open()
        batch = self.waiting[-1]
        batch.tasks.append(task)
        batch.rows += rows
        if batch.rows >= self._parameters.execution_size:
            batch.full.set()
        return task.result

    def _open(self) -> None:
        count, most = len(self.waiting), self._parameters.max_enqueued_batches
        if count >= most:
            raise UnavailableError(
                "The batch scheduling queue to which this task was submitted is full; currently"
                f" {count} batches enqueued and max_enqueued_batches is {most}"
            )
        if self.waiting:
            self.waiting[-1].full.set()
        self.waiting.append(_Batch())
        process = asyncio.create_task(self._process(self.waiting[-1]))
        self._processes.add(process)
        process.add_done_callback(self._processes.discard)

    async def _process(self, batch: _Batch) -> None:
        if self._parameters.batch_timeout_micros:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(batch.full.wait(), self._parameters.batch_timeout_micros / 1e6)
        async with self._threads:
            await self._collect(batch)
            self.waiting.remove(batch)
            if batch.rows == 1 and self._seconds < _QUICK_S:
                results = self._run_batch(batch.tasks)
            else:
                results = await self._submit(self._run_batch, batch.tasks)
        for task, result in zip(batch.tasks, results, strict=True):
            if task.result.done():  # its client has disconnected
                continue
            if isinstance(result, Exception):
                task.result.set_exception(result)
            else:
                task.result.set_result(result)

    async def _collect(self, batch: _Batch) -> None:
        """Yields to the event loop until no more tasks arrive for the batch."""
        rows = quiet = 0
        while quiet < _QUIET_ROUNDS and batch.rows < self._parameters.execution_size:
            quiet = quiet + 1 if rows == batch.rows else 0
            rows = batch.rows
            await asyncio.sleep(0)

    # On the executor's threads

    def _run_batch(self, tasks: list[_Task]) -> list[Fetched | Exception]:
        """Runs a batch; if that fails, runs each task alone, so that only the bad ones fail."""
        misfits = self._find_misfits(tasks)
        fitting = [task for task in tasks if id(task) not in misfits]
        try:
            results = iter(self._run(fitting))
        except Exception as error:
            if len(fitting) == 1:
                results = iter([error])
            else:
                results = (result for task in fitting for result in self._run_batch([task]))
        return [misfits[id(task)] if id(task) in misfits else next(results) for task in tasks]

    def _find_misfits(self, tasks: list[_Task]) -> dict[int, Exception]:
        """Returns an error, by id, for each task whose shapes differ from those of the first valid task."""
        if self._parameters.pad_variable_length_inputs or len(tasks) == 1:
            return {}
        pattern = next((task for task in tasks if self._is_valid(task)), tasks[0])
        return {
            id(task): FailedPreconditionError(
                f"Tensors with name '{name}' from different tasks have different shapes and padding is turned"
                " off. Set pad_variable_length_inputs to true, or ensure that all tensors with the same name"
                " have equal dimensions starting with the first dim."
            )
            for task in tasks
            for name, array in task.feeds.items()
            if array.shape[1:] != pattern.feeds[name].shape[1:]
        }

    def _is_valid(self, task: _Task) -> bool:
        return all(_fits(array.shape, self._shapes.get(name)) for name, array in task.feeds.items())

    def _run(self, tasks: list[_Task]) -> list[Fetched]:
        feeds = tasks[0].feeds if len(tasks) == 1 else _concatenate([task.feeds for task in tasks])
        rows = sum(task.rows for task in tasks)
        size = next((allowed for allowed in self._parameters.allowed_batch_sizes if allowed >= rows), rows)
        if size > rows > 0:
            last = next(task for task in reversed(tasks) if task.rows)
            first = {name: array[:1] for name, array in last.feeds.items()}
            feeds = _concatenate([feeds] + [first] * (size - rows))
        began = time.perf_counter()
        if self._metrics:
            self._record(self._metrics, tasks, size, began)
        longest = max(math.inf if task.timeout_s is None else task.timeout_s for task in tasks)
        fetched = self._servable.run(feeds, self._fetches, None if longest == math.inf else longest)
        if rows == 1 and self._steady:
            self._seconds = time.perf_counter() - began
        for array in fetched.values():
            if not array.ndim:
                raise FailedPreconditionError("Batched output tensor has 0 dimensions")
            if array.shape[0] != (size if rows else 0):
                raise FailedPreconditionError(
                    "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes"
                    " of the input tensors"
                )
        ends = np.cumsum([task.rows for task in tasks]).tolist()
        return [
            {name: array[end - task.rows : end] for name, array in fetched.items()}
            for task, end in zip(tasks, ends, strict=True)
        ]

    def _record(self, metrics: Metrics, tasks: list[_Task], size: int, began: float) -> None:
        for task in tasks:
            name = self._parameters.thread_pool_name
            metrics.queuing_latency.observe((began - task.enqueued) * 1e6, name)
            metrics.input_batch_size.observe(task.rows)
        metrics.wrapped_run_count.add()
        metrics.processed_batch_size.observe(size)
        metrics.padding_size.observe(size - sum(task.rows for task in tasks), str(size))


def _concatenate(feeds: Sequence[Tensors]) -> dict[str, np.ndarray]:
    """Concatenates the rows of several tasks; pads other dimensions that differ."""
    return {name: np.concatenate(_pad([each[name] for each in feeds])) for name in feeds[0]}


def _pad(arrays: list[np.ndarray]) -> list[np.ndarray]:
    if len({array.shape[1:] for array in arrays}) == 1 or len({array.ndim for array in arrays}) > 1:
        return arrays
    most = np.max([array.shape[1:] for array in arrays], axis=0)
    return [
        np.pad(
            array,
            [(0, 0), *((0, extra) for extra in most - array.shape[1:])],
            # The first element, as in TensorFlow Serving.
            constant_values=array.flat[0] if array.size else np.zeros((), array.dtype)[()],
        )
        for array in arrays
    ]


def _count_rows(feeds: Tensors) -> int | None:
    """Returns the size of the first dimension; None if the inputs disagree or lack it."""
    sizes = {array.shape[0] if array.ndim else None for array in feeds.values()}
    return sizes.pop() if len(sizes) == 1 else None


def _fits(shape: tuple[int, ...], declared: tuple[int, ...] | None) -> bool:
    if declared is None or len(declared) != len(shape):
        return declared is None
    return all(wanted in (-1, size) for wanted, size in zip(declared, shape, strict=True))


def _get_shapes(signatures: Iterable[SignatureDef]) -> dict[str, tuple[int, ...] | None]:
    infos = [info for signature in signatures for info in signature.inputs.values()]
    return {
        info.name: None if info.tensor_shape.unknown_rank else tuple(d.size for d in info.tensor_shape.dim)
        for info in infos
    }

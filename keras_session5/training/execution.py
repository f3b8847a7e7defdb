"""Training and evaluation in compiled programs of several steps each.

The examples stay on the device. A chunk of batches is gathered there, and one compiled program changes its
inputs at random and runs Keras's own `train_step` or `test_step` for one batch after the other. `Model.fit`
and `Model.evaluate` keep their loops, callbacks and metrics: they call the functions made here.
"""

import contextlib
import functools
import itertools
import logging
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.tasks import Task
from keras_session5.training import batches, device, distributed
from keras_session5.training.augmentation import StepRandom, augment, drop_tokens
from keras_session5.training.convolution import made_fast_on_cpu
from keras_session5.training.examples import Examples, is_sequence

logger = logging.getLogger("keras_session5")


class Execution:
    """Makes the functions that `Model.fit` and `Model.evaluate` call for each chunk of batches.

    A context manager: at its end the model has the functions that it had before.

    Args:
        model: a compiled model. Its `jit_compile` decides whether XLA compiles the programs.
        task: of the network.
        recipe: of the training; None for evaluation alone.
        steps: number of training steps in one execution.

    Attributes:
        compile_seconds: time of the first execution of each program, in which it is compiled.
    """

    def __init__(self, model: keras.Model, task: Task, recipe: Recipe | None = None, steps: int = 1):
        self.model, self.task, self.recipe = model, task, recipe
        self.steps = batches.chunk_size(recipe, steps) if recipe else steps
        self.compile_seconds = 0.0
        self._program, self._seen, self._fallback = {}, set(), None
        with distributed.scope():
            _build_metrics(model, task)
        self._make_programs()

    def _make_programs(self) -> None:
        model, recipe, is_jax = self.model, self.recipe, keras.backend.backend() == "jax"
        self.compiled = model.jit_compile or is_jax
        if is_jax:
            device.keep_programs()
        self._augment = _make_augmentation(model, recipe) if recipe else None
        make = _make_jax_program if is_jax else _make_tensorflow_program
        self._programs = {
            "train": make(model, "train", functools.partial(self._prepare, recipe)),
            "test": make(model, "test", functools.partial(self._prepare, None)),
        }

    def __enter__(self) -> "Execution":
        model = self.model
        self._before = model.train_function, model.test_function, model.steps_per_execution
        model.steps_per_execution = self.steps
        self._changes = contextlib.ExitStack()
        if self.compiled and device.name() == "CPU":
            self._changes.enter_context(made_fast_on_cpu(model))
        return self

    def __exit__(self, *_: Any) -> None:
        self._changes.close()
        model = self.model
        model.train_function, model.test_function, model.steps_per_execution = self._before

    def training(self, seed: int, first_epoch: int) -> Any:
        """Prepares the model for `fit`, and returns its endless data.

        Args:
            seed: of the order of the examples and of all random changes.
            first_epoch: number of the epoch to begin with.
        """
        assert self.recipe
        recipe, examples = self.recipe, Examples(self.task, self.task.train, self.compiled)

        def chunks() -> Iterator[batches.Chunk]:
            epoch = first_epoch
            while True:
                yield from batches.epoch_chunks(recipe, examples.split, seed, epoch, self.steps)
                epoch += 1

        self.model.train_function, data = self._make_function(
            "train", examples, lambda: examples.feed(chunks())
        )
        return data

    def evaluation(self, split: Split) -> tuple[Any, int]:
        """Prepares the model for `evaluate`, and returns its endless data and the number of steps."""
        examples = Examples(self.task, split, self.compiled)
        chunks = batches.evaluation_chunks(split)

        def feed() -> Iterator[tuple]:
            while True:
                yield from examples.feed(chunks)

        self.model.test_function, data = self._make_function("test", examples, feed)
        return data, len(chunks) * self.steps

    def evaluate(self, split: Split) -> dict[str, float]:
        """Returns the metrics of a split, such as `{"accuracy": 0.91, "loss": 0.25}`."""
        data, steps = self.evaluation(split)
        metrics = self.model.evaluate(data, steps=steps, verbose=0, return_dict=True)
        metrics = self.task.complete_metrics(self.model, split, metrics)
        return {name: float(metrics[name]) for name in sorted(metrics)}

    def record(self) -> dict[str, Any]:
        """Returns what ran, for the record of the run: read from the compiled program, not from a setting."""
        return {
            "compile_seconds": round(self.compile_seconds, 3),
            "jit_compile": bool(self._program),
            "program": self._program | {"steps_per_execution": self.steps},
            "xla_fallback": self._fallback,
        }

    def _make_function(
        self, mode: str, examples: Examples, feed: Callable[[], Iterator[tuple]]
    ) -> tuple[Callable[..., Any], Any]:
        """Returns what `fit` or `evaluate` calls, with JAX's state, if any, and data for Keras's loop.

        The loop counts the steps; the function takes its chunks itself. Keras 3.15 with JAX begins every
        evaluation of a `fit` with a generator's first two batches, and goes on where the generator is: some
        examples would count twice, and others not at all. Under TensorFlow `tf.data` would take a quarter of
        the multilayer perceptron's time.

        Args:
            mode: `"train"` or `"test"`.
            examples: of the data.
            feed: makes the endless iterator of their chunks.
        """
        chunks = examples.chunks(feed)

        def function(*state_and_iterator: Any) -> Any:
            *state, _ = state_and_iterator  # the ticks
            rows, weights, count, key, widths = next(chunks)
            rows = tree.map_structure(distributed.share, rows)
            columns = examples.gather(rows) if examples.resident else rows
            arguments = (*state, columns, weights, count, key)
            static = tuple(np.asarray(widths)[0].tolist()) if self.compiled else None
            known = (mode, tuple(weights.shape), static)
            if known in self._seen:
                return self._programs[mode](*arguments, static or widths)
            begin = time.perf_counter()
            try:
                result = self._compile(mode, arguments, static or widths)
            except Exception as error:
                if not (self.model.jit_compile and _is_unsupported(error)):
                    raise
                self._fall_back(error)
                result = self._programs[mode](*arguments, widths)
            self._seen.add(known)
            self.compile_seconds += time.perf_counter() - begin
            return result

        return function, _make_ticks(feed)

    def _compile(self, mode: str, arguments: tuple, widths: Any) -> Any:
        """Runs a program for the first time, and keeps what describes the training's compiled code."""
        program = self._programs[mode]
        if mode == "train" and self.model.jit_compile and not self._program:
            self._program = _describe(program, arguments, widths)
        return program(*arguments, widths)

    def _fall_back(self, error: Exception) -> None:
        """Turns XLA off for this training, because it cannot compile one of the layers."""
        self._fallback = _describe_unsupported(error)
        logger.warning("XLA cannot compile %s. Training continues without XLA.", self._fallback)
        self._changes.close()
        self.model.jit_compile, self._program = False, {}
        self._make_programs()

    def _prepare(self, recipe: Recipe | None, columns: Any, weights: Any, key: Any, widths: Any) -> tuple:
        """Returns a batch: inputs, targets and sample weights."""
        flat = tree.flatten(columns)
        if self.task.train.is_text:
            flat = [c[:, : widths[i]] if is_sequence(c) else c for i, c in enumerate(flat)]
        inputs, targets, *rest = tree.pack_sequence_as(columns, flat)
        random = StepRandom(key)
        if recipe:
            first, *others = tree.flatten(inputs)
            if self._augment:
                first = self._augment(first, key)
            elif self.task.train.is_text:
                first = drop_tokens(first, recipe, random)
            inputs = tree.pack_sequence_as(inputs, [first, *others])
        inputs, targets, *rest = self.task.corrupt(inputs, targets, *rest, random=random)
        return inputs, targets, rest[0] * weights[:, None] if rest else weights


def _build_metrics(model: keras.Model, task: Task) -> None:
    """Creates the variables of the metrics, which a loop must not do, from one example."""
    split = task.data.train
    columns = task.examples(split.inputs[:1], split.labels[:1])
    inputs, targets, *weights = tree.map_structure(ops.convert_to_tensor, columns)
    outputs = model(inputs, training=False)
    weight = weights[0] if weights else ops.ones(1)
    model.compute_loss(inputs, targets, outputs, weight, training=False)
    model.compute_metrics(inputs, targets, outputs, weight)
    model.reset_metrics()


def _make_augmentation(model: keras.Model, recipe: Recipe) -> Callable[[Any, Any], Any] | None:
    """Returns the augmentation of images by a step's key; None without one."""
    if not (recipe.shift_px or recipe.rotate_deg or recipe.scale):
        return None

    def change(images: Any, key: Any) -> Any:
        return augment(images, recipe, StepRandom(key))

    if keras.backend.backend() == "jax" or model.jit_compile:
        return change
    import tensorflow as tf

    # Even where XLA slows the network down: it turns these forty operations into one loop.
    return tf.function(change, jit_compile=True, autograph=False)


def _make_tensorflow_program(
    model: keras.Model, mode: str, prepare: Callable[..., tuple]
) -> Callable[..., Any]:
    import tensorflow as tf

    step = {"train": model.train_step, "test": model.test_step}[mode]
    names = list(model.get_metrics_result())

    def run(columns: Any, weights: Any, count: Any, key: Any, widths: Any) -> dict[str, Any]:
        def run_step(i: Any, logs: Any) -> tuple:
            batch = tree.map_structure(lambda column: column[i], columns)
            each = widths if model.jit_compile else widths[i]
            return i + 1, step(prepare(batch, weights[i], _step_key(key, i), each))

        if weights.shape[0] == 1:
            return run_step(0, None)[1]
        logs = dict.fromkeys(names, tf.zeros(()))
        start = (tf.constant(0), logs)
        return tf.while_loop(lambda i, _: i < count, run_step, start, parallel_iterations=1)[1]

    return tf.function(
        run, jit_compile=model.jit_compile, autograph=False, reduce_retracing=not model.jit_compile
    )


def _make_jax_program(model: keras.Model, mode: str, prepare: Callable[..., tuple]) -> Callable[..., Any]:
    import jax  # pyright: ignore[reportMissingImports]

    step = {"train": model.train_step, "test": model.test_step}[mode]
    names = list(model.get_metrics_result())

    def run(state: Any, columns: Any, weights: Any, count: Any, key: Any, widths: Any) -> tuple:
        def run_step(i: Any, carry: tuple) -> tuple:
            batch = tree.map_structure(lambda column: column[i], columns)
            return step(carry[1], prepare(batch, weights[i], _step_key(key, i), widths))

        if weights.shape[0] == 1:
            return run_step(0, (None, state))
        carry = dict.fromkeys(names, np.float32(0)), state
        if model.jit_compile:
            return jax.lax.fori_loop(0, count, run_step, carry)
        for i in range(count):  # JAX would compile a loop of its own anew in every execution
            carry = run_step(i, carry)
        return carry

    if not model.jit_compile:
        return run
    # As Keras's `fit` and `evaluate` order it.
    optimizer = [model.optimizer.variables] if mode == "train" else []
    state = (model.trainable_variables, model.non_trainable_variables, *optimizer, model.metrics_variables)
    return jax.jit(run, donate_argnums=0, static_argnums=5, out_shardings=distributed.shardings(state))


def _describe(program: Any, arguments: tuple, widths: Any) -> dict[str, Any]:
    """Returns the name and the number of instructions of what XLA makes of a program."""
    if keras.backend.backend() == "jax":
        code = program.lower(*arguments, widths).as_text("hlo")
    else:
        code = program.experimental_get_compiler_ir(*arguments, widths)(stage="hlo")
    return {
        "compiler": "XLA",
        "module": re.split(r"[\s,]+", code, maxsplit=2)[1],
        "instructions": code.count(" = "),
    }


def _is_unsupported(error: Exception) -> bool:
    """Returns whether an error says that XLA cannot compile an operation."""
    return any(sign in str(error) for sign in ("unsupported operations", "XLA compilation", "XLA_CPU_JIT"))


def _describe_unsupported(error: Exception) -> str:
    """Returns the layer and the operation that XLA cannot compile, as far as the error names them."""
    node = re.search(r"\{\{node ([^}]+)\}\}", str(error))
    return f"the operation {node[1]}" if node else str(error).splitlines()[0]


def _step_key(key: Any, i: Any) -> Any:
    return ops.stack([key[0], key[1] + ops.cast(i, "uint32")])


def _make_ticks(feed: Callable[[], Iterator[tuple]]) -> Any:
    """Returns endless data that have the form that Keras expects, and are not used."""
    if keras.backend.backend() == "jax":
        weights = next(feed())[1]
        return ((weights,) for _ in itertools.count())
    import tensorflow as tf

    return tf.data.Dataset.range(1).repeat()

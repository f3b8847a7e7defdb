"""From a catalogue entry and a data set to a trained model."""

import contextlib
import importlib.util
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from keras_session5 import catalog, checks
from keras_session5.catalog import Network, Recipe
from keras_session5.data import load_data, subset
from keras_session5.disk import explain_disk_errors
from keras_session5.errors import ArgumentError
from keras_session5.tasks import Task, task_of
from keras_session5.training import backend as keras_backend, distributed
from keras_session5.training.record import begin_run
from keras_session5.training.result import Result, load_result
from keras_session5.training.runs import Run
from keras_session5.training.settings import (
    check_alphabets,
    check_data,
    complete_arguments,
    split_settings,
)

logger = logging.getLogger("keras_session5")


@distributed.joined()
def train(
    name: str,
    *,
    data: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    xla: str | None = None,
    backend: str | None = None,
    data_dir: str | Path | None = None,
    runs_dir: str | Path = "runs",
    resume: bool = False,
    start_from: str | Path | Result | None = None,
    model_parallel: bool = False,
    dashboard: bool = True,
    profile: bool = False,
    verbose: str | int = "auto",
    **settings: Any,
) -> Result:
    """Trains a network of the catalogue.

    Args:
        name: catalogue name.
        data: data set; the network's default if None.
        epochs: instead of the recipe's.
        seed: of the weights, the order of the examples, augmentation and dropout; 0 if None. On the same
            machine, the same seed gives the same weights.
        xla: `"auto"` (the default: on with a GPU, under JAX, and for networks that it makes faster on a CPU),
            `"on"` or `"off"`.
        backend: Keras's backend, `"tensorflow"` or `"jax"`; that of this process, or of `KERAS_BACKEND`, if
            None. Only a process that has not imported Keras yet can choose.
        data_dir: directory of TFDS data sets, or a folder of IDX files.
        runs_dir: the run gets the directory `<runs_dir>/<name>/<time stamp>`.
        resume: continue the newest unfinished run of this network after its last finished epoch, with the
            settings of its record.
        start_from: a result, a run directory, or a network's name for its newest finished run. Layers start
            with the weights of the layer of the same name and shapes there (fine-tuning).
        model_parallel: divide the weights of the transformer blocks among all devices of this process. Needs
            JAX. The weights are the same without, up to the order of summation.
        dashboard: write TensorBoard's files for the run. The weights are the same without.
        profile: also write a trace of a few training steps. Needs the extra `profile`.
        verbose: of Keras's progress bar.
        **settings: changes to the recipe (`learning_rate=1e-3`) or to the network (`num_hidden=2`).

    Raises:
        ArgumentError: for an invalid argument, or one that contradicts the run to be resumed.
        DataError: if the data set is not available.
        TrainingError: if the loss becomes NaN, or there is no run to start from or to resume.
        DiskError: if the run cannot be written; it can be resumed.
        ProcessError: if another process of the same training ended; the run can be resumed.
    """
    entry = catalog.network(name)
    entry.require_trained()
    flags = {"model_parallel": model_parallel, "dashboard": dashboard, "profile": profile}
    for argument, value in flags.items():
        checks.one_of(argument, value, [True, False])
    if profile:
        _check_profiler()
    if epochs is not None:
        settings["epochs"] = epochs
    if data_dir is not None:
        data_dir = str(Path(data_dir).expanduser().resolve())
    run = Run.resumable(runs_dir, name) if resume else None
    if model_parallel:
        distributed.check_one_process(distributed.count_processes() if distributed.is_member() else None)
        distributed.check_backend(backend or (run and run.record.get("backend")), "model_parallel")
        backend = "jax"
    given: dict[str, Any] = {"data": data, "seed": seed, "xla": xla, "data_dir": data_dir, "backend": backend}
    if run:
        if start_from is not None:
            raise ArgumentError(
                f"`start_from` must be omitted when a run is resumed: {run.directory} began with "
                f"{run.record.get('start_from')}. Received: start_from={start_from!r}"
            )
        start_from = None if run.epochs_done else run.record.get("start_from")
        given = _resume_settings(run, given, settings)
        settings = run.record["arguments"] | run.record["recipe"]

    chosen = _complete_settings(entry, given)
    keras_backend.choose(chosen.pop("backend"))
    arguments, recipe = split_settings(settings, entry.recipe_for(chosen["data"]))
    recipe.check_modality(str(entry.modality))
    # Before Keras is imported, which takes seconds: an error about the data comes at once.
    data_set = load_data(chosen["data"], chosen["data_dir"])
    task = task_of(entry, data_set, subset(data_set.train, recipe.examples, chosen["seed"]))
    arguments = complete_arguments(arguments, entry, task)
    distributed.check_batch_size(min(recipe.batch_size, len(task.train) * recipe.repeats))
    if model_parallel:
        distributed.check_blocks(name, entry.all_arguments(**arguments))

    from keras_session5.training import batches, device, fit

    steps = recipe.epochs * batches.steps_per_epoch(recipe, task.train)
    jit_compile = device.jit_compile(chosen["xla"], entry, steps)
    with distributed.model_parallelism(model_parallel):
        model = fit.compiled_model(entry, arguments, recipe, task, chosen["seed"], jit_compile)
        origin = _load_weights(model, task, start_from, runs_dir)
        if run is None:
            chosen["model_parallel"] = model_parallel
            run = begin_run(entry, model, arguments, recipe, task, runs_dir, chosen | origin)
        mode = "on" if model.jit_compile else "off"
        logger.info(
            "Training %s on %s (%s, XLA %s) in %s", name, chosen["data"], device.name(), mode, run.directory
        )
        advice = f"Free some space, and continue with: session5 train {name} --resume"
        advice += " --model-parallel" if model_parallel else ""
        if str(runs_dir) != "runs":
            advice += f" --runs {runs_dir}"
        with _held(run, advice):
            run.save(model_parallel=model_parallel)  # a resumed run may have begun with the other
            _fit(model, recipe, task, run, verbose, dashboard, profile)
    return Result.of(run, model)


@contextlib.contextmanager
def _held(run: Run, advice: str) -> Iterator[None]:
    """Keeps other processes from training the run, and records an error that ends it."""
    with run.claimed():
        try:
            with explain_disk_errors(str(run.directory), advice), distributed.explain_lost_processes():
                yield
        except OSError:  # such as a full disk, or a lost process: the run can be resumed
            raise
        except Exception as error:
            run.save(status="failed", reason=str(error))
            raise


def _fit(
    model: Any, recipe: Recipe, task: Task, run: Run, verbose: str | int, dashboard: bool, profile: bool
) -> None:
    """Fits the model with the callbacks that write TensorBoard's files."""
    from keras_session5.training.batches import steps_per_epoch
    from keras_session5.training.fit import fit

    first = run.epochs_done
    trace = writer = None
    if profile and distributed.is_writer():
        from keras_session5.dashboard import Profile

        trace = Profile(run.directory, (recipe.epochs - first) * steps_per_epoch(recipe, task.train))
    if dashboard and distributed.is_writer():
        from keras_session5.dashboard import CatalogueRun, Dashboard

        writer = Dashboard(run.directory, CatalogueRun(task, run.record))
    callbacks = [callback for callback in (trace, writer) if callback]
    try:
        fit(model, recipe, task, run, callbacks=callbacks, verbose=verbose)
    finally:
        if trace:
            trace.stop()
    if writer:
        writer.finish(run.record["metrics"], run.record["epochs"])


def _check_profiler() -> None:
    if importlib.util.find_spec("xprof") is None:
        raise ArgumentError(
            "`profile` must be omitted without the package xprof, which displays the trace. "
            "Install it: pip install 'keras-session5[profile]'. Received: profile=True"
        )


def _complete_settings(entry: Network, given: Mapping[str, Any]) -> dict[str, Any]:
    """Adds the defaults of settings that are None, and checks all."""
    chosen = {"data": entry.data, "data_dir": None, "seed": 0, "xla": "auto", "backend": None}
    chosen |= {key: value for key, value in given.items() if value is not None}
    check_data(entry, chosen["data"])
    checks.int_between("seed", chosen["seed"], 0, 2**32 - 1)
    checks.one_of("xla", chosen["xla"], ["auto", "on", "off"])
    return chosen


def _load_weights(
    model: Any, task: Task, start_from: str | Path | Result | None, runs_dir: str | Path
) -> dict[str, Any]:
    """Copies the weights of an earlier run into the network; returns the entry for the record."""
    if start_from is None:
        return {"start_from": None}
    from keras_session5.training.fit import copy_weights

    if isinstance(start_from, str) and start_from not in catalog.NETWORKS:
        start_from = Path(start_from)
    start_from = load_result(start_from, runs_dir=runs_dir)
    check_alphabets(start_from, task.data.name)
    copied = copy_weights(model, start_from.model)
    logger.info("Starting from %s: %s", start_from.run_dir, ", ".join(copied))
    return {"start_from": str(start_from.run_dir.resolve())}


def _resume_settings(run: Run, given: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the record's values for the given settings; raises `ArgumentError` if one contradicts it."""
    record = run.record
    settings = {key: record.get(key) for key in given}
    recorded = record["arguments"] | record["recipe"] | settings
    wanted = {key: value for key, value in {**given, **changes}.items() if value is not None}
    for key, value in json.loads(json.dumps(wanted)).items():
        if recorded.get(key) != value:
            raise ArgumentError(
                f"`{key}` must be that of the run to be resumed, {run.directory}: "
                f"{recorded.get(key)!r}. Omit it, or start a new run without `resume`. "
                f"Received: {key}={value!r}"
            )
    logger.info("Resuming %s after epoch %d.", run.directory, run.epochs_done)
    return settings

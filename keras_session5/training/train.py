"""From a catalogue entry and a data set to a trained model."""

import importlib.util
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from keras_session5 import catalog, checks
from keras_session5.catalog import Network, Recipe
from keras_session5.data import DATA_SETS, load_data
from keras_session5.data.registry import loadable_names
from keras_session5.disk import told
from keras_session5.errors import ArgumentError
from keras_session5.training import batches
from keras_session5.training.runs import Run
from keras_session5.training.tasks import TASKS, Task

logger = logging.getLogger("keras_session5")

_RECIPE_FIELDS = [f.name for f in fields(Recipe)]
_PACKAGES = ("keras-session5", "tensorflow", "keras", "numpy", "tensorflow-datasets", "scikit-learn", "babel")


@dataclass(frozen=True)
class Result:
    """A trained network.

    Attributes:
        name, data: catalogue name and data set.
        model: the trained `keras.Model`.
        metrics: of the test split, such as `{"accuracy": 0.91, "loss": 0.25}`.
        history: metrics of every epoch, in order.
        run_dir: directory of the run.
        seconds: spent in training, over all resumptions.
        jit_compile: whether XLA compiled the training step.
        record: all of `run.json`.
    """

    name: str
    data: str
    model: Any
    metrics: dict[str, float]
    history: list[dict[str, float]]
    run_dir: Path
    seconds: float
    jit_compile: bool
    record: dict[str, Any]

    @staticmethod
    def of(run: Run, model: Any) -> "Result":
        """The result that a finished run's record tells."""
        return Result(
            model=model,
            run_dir=run.directory,
            record=run.record,
            **{
                key: run.record[key]
                for key in ("name", "data", "metrics", "history", "seconds", "jit_compile")
            },
        )


def train(
    name: str,
    *,
    data: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    xla: str | None = None,
    data_dir: str | Path | None = None,
    runs_dir: str | Path = "runs",
    resume: bool = False,
    start_from: str | Path | Result | None = None,
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
        seed: of the weights, the order of the examples, augmentation and dropout; 0 if None. On one
            machine the same seed gives the same weights twice.
        xla: `"auto"` (the default: on where there is a GPU), `"on"` or `"off"`.
        data_dir: where TFDS keeps data sets, or a folder of IDX files.
        runs_dir: the run gets the directory `<runs_dir>/<name>/<time stamp>`.
        resume: continue the newest unfinished run of this network after its last finished epoch, as
            its record says.
        start_from: what `train` returned, a run directory, or a network for its newest finished run: every
            layer that has one of the same name and shapes there begins with its weights (fine-tuning).
        dashboard: write what TensorBoard shows of the run; the weights are the same without.
        profile: write a trace of a few training steps, too. Needs the extra `profile`.
        verbose: of Keras's progress bar.
        **settings: changes to the recipe (`learning_rate=1e-3`) or to the network (`num_hidden=2`).

    Raises:
        ArgumentError: for a wrong argument, or one that contradicts the run to be resumed.
        DataError: if the data set cannot be had.
        TrainingError: if the loss becomes NaN, or there is nothing to start from or to resume.
        DiskError: if the run cannot be written; it can be resumed.
    """
    entry = catalog.network(name)
    entry.require_trained()
    for argument, value in (("dashboard", dashboard), ("profile", profile)):
        checks.one_of(argument, value, [True, False])
    if profile:
        _check_profiler()
    if epochs is not None:
        settings["epochs"] = epochs
    if data_dir is not None:
        data_dir = str(Path(data_dir).expanduser().resolve())
    asked: dict[str, Any] = {"data": data, "seed": seed, "xla": xla, "data_dir": data_dir}
    run = Run.resumable(runs_dir, name) if resume else None
    if run:
        if start_from is not None:
            raise ArgumentError(
                f"`start_from` must be left out where a run is resumed: {run.directory} began with "
                f"{run.record.get('start_from')}. Received: start_from={start_from!r}"
            )
        start_from = None if run.epochs_done else run.record.get("start_from")
        asked = _resumed(run, asked, settings)
        settings = run.record["arguments"] | run.record["recipe"]

    chosen = _chosen(entry, asked)
    arguments, recipe = split_settings(settings, entry.recipe_for(chosen["data"]))
    recipe.check_kind(str(entry.kind))
    # Before Keras is imported, which takes seconds: data that cannot be had are said at once.
    data_set = load_data(chosen["data"], chosen["data_dir"])
    task = TASKS[entry.task](data_set, batches.subset(data_set.train, recipe.examples, chosen["seed"]))
    arguments = _checked(arguments, entry, task)

    from keras_session5.training import fit, xla as policy

    jit_compile = policy.jit_compile(chosen["xla"])
    model = fit.compiled_model(entry, arguments, recipe, task, chosen["seed"], jit_compile)
    origin = _start(model, task, start_from, runs_dir)
    if run is None:
        run = _create(entry, model, arguments, recipe, task, runs_dir, chosen | origin)
    mode = "on" if model.jit_compile else "off"
    logger.info(
        "Training %s on %s (%s, XLA %s) in %s", name, chosen["data"], policy.device(), mode, run.directory
    )
    resumable = f"Make room, and go on after its last epoch with: session5 train {name} --resume"
    if str(runs_dir) != "runs":
        resumable += f" --runs {runs_dir}"
    with run.claimed():
        try:
            with told(str(run.directory), resumable):
                fit.fit(model, recipe, task, run, verbose, dashboard=dashboard, profile=profile)
        except OSError:  # a full disk, say: nothing is wrong with the run, which can be resumed
            raise
        except Exception as error:
            run.save(status="failed", reason=str(error))
            raise
    return Result.of(run, model)


def set_by_hand(name: str, *, runs_dir: str | Path = "runs") -> Result:
    """Records a network whose weights are set by hand as a finished run without an epoch.

    Raises:
        ArgumentError: if the network is only there to be counted.
    """
    entry = catalog.network(name)
    if entry.data is None:
        raise ArgumentError(f"{name} is neither trained nor exported. {entry.untrained}")
    from keras_session5.training import fit

    chosen = {"data": entry.data, "data_dir": None, "seed": 0, "xla": "auto", "start_from": None}
    recipe = Recipe(loss="half_squared_error")  # by which it is judged; nothing is learned
    task = TASKS[entry.task](load_data(entry.data))
    model = fit.compiled_model(entry, entry.arguments, recipe, task, seed=0, jit_compile=False)
    run = _create(entry, model, entry.arguments, recipe, task, runs_dir, chosen)
    fit.finish(model, task, run)
    return Result.of(run, model)


def check_fits(entry: Network, data: str) -> None:
    """Raises `ArgumentError` unless there is a data set of that name and of the network's kind."""
    family, slash, _ = data.partition("/")
    spec = DATA_SETS[checks.one_of("data", family, DATA_SETS)]
    if slash or spec.variants:
        checks.one_of("data", data, [name for name in loadable_names() if name.split("/")[0] == family])
    if spec.kind != entry.kind:
        fitting = ", ".join(name for name, spec in DATA_SETS.items() if spec.kind == entry.kind)
        raise ArgumentError(
            f"`data` must be a data set of kind {entry.kind} for {entry.name}: {fitting}. Received: "
            f"data={data!r}, of kind {spec.kind}"
        )


def split_settings(settings: Mapping[str, Any], recipe: Recipe) -> tuple[dict[str, Any], Recipe]:
    """Splits settings into the arguments of a builder and a changed recipe."""
    changes = {key: value for key, value in settings.items() if key in _RECIPE_FIELDS}
    arguments = {key: value for key, value in settings.items() if key not in _RECIPE_FIELDS}
    return arguments, replace(recipe, **changes)


def _check_profiler() -> None:
    if importlib.util.find_spec("xprof") is None:
        raise ArgumentError(
            "`profile` must be left out where the package xprof is missing, which shows the trace. "
            "Install it: pip install 'keras-session5[profile]'. Received: profile=True"
        )


def _chosen(entry: Network, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for and, where nothing was, the defaults; checked."""
    chosen = {"data": entry.data, "data_dir": None, "seed": 0, "xla": "auto"}
    chosen |= {key: value for key, value in asked.items() if value is not None}
    check_fits(entry, chosen["data"])
    checks.int_between("seed", chosen["seed"], 0, 2**32 - 1)
    checks.one_of("xla", chosen["xla"], ["auto", "on", "off"])
    return chosen


def _create(
    entry: Network,
    model: Any,
    arguments: Mapping[str, Any],
    recipe: Recipe,
    task: Task,
    runs_dir: str | Path,
    chosen: Mapping[str, Any],
) -> Run:
    """Makes the run, with a record of all that it takes to do it again."""
    from keras_session5.training import xla as policy

    data_set = task.data
    splits = {"train": task.train, "validation": data_set.validation, "test": data_set.test}
    return Run.create(
        runs_dir,
        entry.name,
        {
            "name": entry.name,
            **chosen,
            "jit_compile": bool(model.jit_compile),
            "device": policy.device(),
            "parameters": model.count_params(),
            "arguments": entry.all_arguments(**arguments),
            "recipe": asdict(recipe),
            "data_source": data_set.source,
            "examples": {name: len(split) for name, split in splits.items() if split is not None},
            "versions": {package: metadata.version(package) for package in _PACKAGES},
        },
    )


def _start(
    model: Any, task: Task, start_from: str | Path | Result | None, runs_dir: str | Path
) -> dict[str, Any]:
    """Takes over the weights that the network is to begin with; returns what the record says of it."""
    if start_from is None:
        return {"start_from": None}
    from keras_session5.training import fit
    from keras_session5.training.evaluate import load_result

    if not isinstance(start_from, Result):
        if str(start_from) in catalog.NETWORKS:
            start_from = load_result(str(start_from), runs_dir=runs_dir)
        else:
            start_from = load_result(Run.open(start_from).record["name"], run_dir=start_from)
    check_alphabets(start_from, task.data.name)
    taken = fit.take_over(model, start_from.model)
    logger.info("Starting from %s: %s", start_from.run_dir, ", ".join(taken))
    return {"start_from": str(start_from.run_dir.resolve())}


def check_alphabets(result: Result, data: str) -> None:
    """Raises `ArgumentError` unless the ids of two data sets mean the same characters."""
    mine, its = (DATA_SETS[name.partition("/")[0]] for name in (result.data, data))
    if (mine.alphabet, mine.target_alphabet) != (its.alphabet, its.target_alphabet):
        raise ArgumentError(
            f"{result.name} was trained on the characters of {result.data}, and those of {data} are others. "
            f"Received: data={data!r} with {result.run_dir}"
        )


def _checked(arguments: Mapping[str, Any], entry: Network, task: Task) -> dict[str, Any]:
    """Adds the arguments that follow from the data, which none that is given may contradict."""
    names = entry.argument_names()
    for key in arguments:  # what was no setting of the recipe must be one of the network
        checks.one_of("setting", key, [*names, *_RECIPE_FIELDS])
    sizes = {key: size for key, size in task.arguments().items() if key in names}
    for key, size in sizes.items():
        if arguments.get(key, size) != size:
            raise ArgumentError(
                f"`{key}` follows from the data and must be {size} for {task.data.name}. "
                f"Received: {key}={arguments[key]!r}"
            )
    longest = entry.all_arguments(**sizes | dict(arguments)).get("max_length", task.longest())
    if isinstance(longest, int) and longest < task.longest():
        raise ArgumentError(
            f"`max_length` must be at least {task.longest()}, the length of the longest text of "
            f"{task.data.name}. Received: max_length={longest}"
        )
    return sizes | dict(arguments)


def _resumed(run: Run, asked: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the record of a run says of `asked`, which must not contradict it."""
    record = run.record
    recorded = record["arguments"] | record["recipe"] | {key: record[key] for key in asked}
    given = {key: value for key, value in {**asked, **settings}.items() if value is not None}
    for key, value in json.loads(json.dumps(given)).items():
        if recorded.get(key) != value:
            raise ArgumentError(
                f"`{key}` must be what the run to be resumed, {run.directory}, began with: "
                f"{recorded.get(key)!r}. Leave it out, or begin anew without `resume`. "
                f"Received: {key}={value!r}"
            )
    logger.info("Resuming %s after epoch %d.", run.directory, run.epochs_done)
    return {key: record[key] for key in asked}

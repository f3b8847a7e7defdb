"""From a catalogue entry and a data set to a trained model."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from keras_session5 import catalog, checks
from keras_session5.catalog import Network, Recipe
from keras_session5.data import DATA_SETS, DataSet, load_data
from keras_session5.data.characters import vocabulary_size
from keras_session5.errors import ArgumentError
from keras_session5.training.runs import Run

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
            its record says. If there is none, a new run begins.
        verbose: of Keras's progress bar.
        **settings: changes to the recipe (`learning_rate=1e-3`) or to the network (`num_hidden=2`).

    Raises:
        ArgumentError: for a wrong argument, or one that contradicts the run to be resumed.
        DataError: if the data set cannot be had.
        TrainingError: if the loss becomes NaN.
    """
    entry = catalog.network(name)
    if epochs is not None:
        settings["epochs"] = epochs
    if data_dir is not None:
        data_dir = str(Path(data_dir).expanduser().resolve())
    asked: dict[str, Any] = {"data": data, "seed": seed, "xla": xla, "data_dir": data_dir}
    run = Run.resumable(runs_dir, name) if resume else None
    if run:
        asked = _resumed(run, asked, settings)
        settings = run.record["arguments"] | run.record["recipe"]
    elif resume:
        logger.warning("There is no unfinished run of %s in %s: a new one begins.", name, runs_dir)

    chosen = _chosen(entry, asked)
    arguments, recipe = split_settings(settings, entry.recipe_for(chosen["data"]))
    recipe.check_kind(entry.kind)
    # Before Keras is imported, which takes seconds: data that cannot be had are said at once.
    data_set = load_data(chosen["data"], chosen["data_dir"])
    arguments = _checked(arguments, entry, data_set)

    from keras_session5.training import fit
    from keras_session5.training import xla as policy

    jit_compile = policy.jit_compile(chosen["xla"])
    model = fit.compiled_model(entry, arguments, recipe, data_set, chosen["seed"], jit_compile)
    if run is None:
        found = {"jit_compile": bool(model.jit_compile), "device": policy.device()}
        found |= {"parameters": model.count_params(), "arguments": entry.all_arguments(**arguments)}
        run = Run.create(
            runs_dir, name, {"name": name, **chosen, **found, **_circumstances(recipe, data_set)}
        )
    mode = "on" if model.jit_compile else "off"
    logger.info(
        "Training %s on %s (%s, XLA %s) in %s", name, chosen["data"], policy.device(), mode, run.directory
    )
    with run.claimed():
        try:
            fit.fit(model, recipe, data_set, run, verbose)
        except OSError:  # a full disk, say: nothing is wrong with the run, which can be resumed
            raise
        except Exception as error:
            run.save(status="failed", reason=str(error))
            raise
    return Result.of(run, model)


def check_fits(entry: Network, data: str) -> None:
    """Raises `ArgumentError` unless there is a data set of that name and of the network's kind."""
    family, _, variant = data.partition("/")
    checks.one_of("data", family, DATA_SETS)
    if variants := DATA_SETS[family].variants:
        checks.one_of(f"data={family}/", variant, variants)
    if DATA_SETS[family].kind != entry.kind:
        fitting = ", ".join(name for name, spec in DATA_SETS.items() if spec.kind == entry.kind)
        raise ArgumentError(
            f"`data` must be a data set of kind {entry.kind} for {entry.name}: {fitting}. Received: "
            f"data={data!r}, of kind {DATA_SETS[family].kind}"
        )


def split_settings(settings: Mapping[str, Any], recipe: Recipe) -> tuple[dict[str, Any], Recipe]:
    """Splits settings into the arguments of a builder and a changed recipe."""
    changes = {key: value for key, value in settings.items() if key in _RECIPE_FIELDS}
    arguments = {key: value for key, value in settings.items() if key not in _RECIPE_FIELDS}
    return arguments, replace(recipe, **changes)


def data_arguments(data_set: DataSet) -> dict[str, Any]:
    """The arguments of a builder that follow from the data."""
    if data_set.kind == "vector":
        return {}
    sizes = {"num_classes": len(data_set.class_names)}
    if data_set.alphabet is not None:
        sizes["vocabulary_size"] = vocabulary_size(data_set.alphabet)
    return sizes


def _chosen(entry: Network, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for and, where nothing was, the defaults; checked."""
    chosen = {"data": entry.data, "data_dir": None, "seed": 0, "xla": "auto"}
    chosen |= {key: value for key, value in asked.items() if value is not None}
    check_fits(entry, chosen["data"])
    checks.int_between("seed", chosen["seed"], 0, 2**32 - 1)
    checks.one_of("xla", chosen["xla"], ["auto", "on", "off"])
    return chosen


def _circumstances(recipe: Recipe, data_set: DataSet) -> dict[str, Any]:
    """What else a record needs so that the run can be done again."""
    splits = {"train": data_set.train, "validation": data_set.validation, "test": data_set.test}
    return {
        "recipe": asdict(recipe),
        "data_source": data_set.source,
        "examples": {name: len(split) for name, split in splits.items() if split is not None},
        "versions": {package: metadata.version(package) for package in _PACKAGES},
    }


def _checked(arguments: Mapping[str, Any], entry: Network, data_set: DataSet) -> dict[str, Any]:
    """Adds the arguments that follow from the data, which none that is given may contradict."""
    for key in arguments:  # what was no setting of the recipe must be one of the network
        checks.one_of("setting", key, [*entry.argument_names(), *_RECIPE_FIELDS])
    sizes = data_arguments(data_set)
    for key, size in sizes.items():
        if arguments.get(key, size) != size:
            raise ArgumentError(
                f"`{key}` follows from the data and must be {size} for {data_set.name}. "
                f"Received: {key}={arguments[key]!r}"
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

"""Results of training: from `train`, or loaded from a finished run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_session5 import catalog
from keras_session5.catalog import Recipe
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError, TrainingError
from keras_session5.tasks import Task, check_method, task_of
from keras_session5.training.record import begin_run
from keras_session5.training.runs import MODEL, Run


@dataclass(frozen=True)
class Result:
    """A trained network.

    Attributes:
        name, data: catalogue name and data set.
        model: the trained `keras.Model`.
        metrics: of the test split, such as `{"accuracy": 0.91, "loss": 0.25}`.
        history: metrics of every epoch, in order.
        run_dir: directory of the run.
        seconds: of training, all resumptions included.
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
        """Returns the result of a finished run."""
        keys = ("name", "data", "metrics", "history", "seconds", "jit_compile")
        recorded = {key: run.record[key] for key in keys}
        return Result(model=model, run_dir=run.directory, record=run.record, **recorded)

    def task(self) -> Task:
        """Loads the data set of the run and returns the network's task on it."""
        return task_of(catalog.network(self.name), load_data(self.data, self.record["data_dir"]))

    def task_with(self, method: str) -> Task:
        """Returns the task if it has a method, such as "translate".

        Raises:
            ArgumentError: if it does not have it.
        """
        check_method(catalog.network(self.name), method)
        return self.task()


def load_result(
    network: str | Path | Result, *, run_dir: str | Path | None = None, runs_dir: str | Path = "runs"
) -> Result:
    """Loads a finished run of a network. A network whose weights are set by hand needs no run.

    Args:
        network: catalogue name; directory of a run, as a `Path`; or a result, which is returned unchanged.
        run_dir: run of the network of that name; the newest finished one in `runs_dir` if None.
        runs_dir: directory of all runs.

    Raises:
        ArgumentError: for an unknown name, or a network that the catalogue only counts.
        TrainingError: if there is no finished run, or the run is of another network.
    """
    if isinstance(network, Result):
        return network
    name: str | Path = network
    if isinstance(name, Path):
        run_dir, name = name, str(Run.open(name).record.get("name"))
    entry = catalog.network(name)
    run = Run.open(run_dir) if run_dir else Run.latest(runs_dir, entry.name)
    if run is None and entry.recipe is None:
        return set_by_hand(entry.name, runs_dir=runs_dir)
    if run is None:
        raise TrainingError(
            f"There is no finished run of {entry.name} in {runs_dir}. "
            f"Train it first: session5 train {entry.name}"
        )
    found, status = run.record.get("name"), run.record.get("status")
    if (found, status) != (entry.name, "finished"):
        raise TrainingError(
            f"{run.directory} must be a finished run of {entry.name}. "
            f"Received: a run of {found} whose status is {status}"
        )
    import keras

    path = run.directory / MODEL
    try:
        return Result.of(run, keras.saving.load_model(path))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path} must be the saved model of the run. Train again: session5 train {entry.name}. "
            f"Received: {str(error).splitlines()[0]}"
        ) from error


def set_by_hand(name: str, *, runs_dir: str | Path = "runs") -> Result:
    """Records a network whose weights are set by hand as a finished run with no epochs.

    Raises:
        ArgumentError: if the catalogue only counts the network's parameters.
    """
    entry = catalog.network(name)
    if entry.data is None:
        raise ArgumentError(f"{name} is neither trained nor exported. {entry.untrained}")
    from keras_session5.training import fit
    from keras_session5.training.execution import Execution

    chosen: Mapping[str, Any] = {
        "data": entry.data,
        "data_dir": None,
        "seed": 0,
        "xla": "auto",
        "start_from": None,
        "model_parallel": False,
    }
    recipe = Recipe(loss="half_squared_error")  # only for the evaluation
    task = task_of(entry, load_data(entry.data))
    model = fit.compiled_model(entry, entry.arguments, recipe, task, seed=0, jit_compile=False)
    run = begin_run(entry, model, entry.arguments, recipe, task, runs_dir, chosen)
    with Execution(model, task) as execution:
        fit.finish(execution, run)
    return Result.of(run, model)

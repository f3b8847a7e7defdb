"""What became of earlier runs: loading them and evaluating them again."""

from pathlib import Path

from keras_session5 import catalog
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError, TrainingError
from keras_session5.training.runs import MODEL, Run
from keras_session5.training.tasks import TASKS
from keras_session5.training.train import Result, check_alphabets, check_fits, set_by_hand


def load_result(name: str, *, run_dir: str | Path | None = None, runs_dir: str | Path = "runs") -> Result:
    """Loads a finished run of a network; one whose weights are set by hand needs none.

    Args:
        name: catalogue name.
        run_dir: directory of the run; the newest finished one in `runs_dir` if None.
        runs_dir: where the runs are.

    Raises:
        ArgumentError: for an unknown name, or a network that is only there to be counted.
        TrainingError: if there is no finished run, or it is another network's.
    """
    entry = catalog.network(name)
    run = Run.open(run_dir) if run_dir else Run.latest(runs_dir, name)
    if run is None and entry.recipe is None:
        return set_by_hand(name, runs_dir=runs_dir)
    if run is None:
        raise TrainingError(
            f"There is no finished run of {name} in {runs_dir}. Train it first: session5 train {name}"
        )
    found, status = run.record.get("name"), run.record.get("status")
    if (found, status) != (name, "finished"):
        raise TrainingError(
            f"{run.directory} must be a finished run of {name}. "
            f"Received: a run of {found} whose status is {status}"
        )
    import keras

    path = run.directory / MODEL
    try:
        return Result.of(run, keras.saving.load_model(path))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{path} must be the model that the run has saved. Train again: session5 train {name}. "
            f"Received: {str(error).splitlines()[0]}"
        ) from error


def evaluate(
    network: str | Result,
    *,
    data: str | None = None,
    data_dir: str | Path | None = None,
    runs_dir: str | Path = "runs",
) -> dict[str, float]:
    """Evaluates a trained network on the test split of a data set.

    Args:
        network: what `train` or `load_result` returned, or a name for its newest finished run.
        data: data set; that of the run if None.
        data_dir: where TFDS keeps data sets, or a folder of IDX files; for the run's own data that of
            the run if None.
        runs_dir: where the runs are.

    Returns:
        Metrics, such as `{"accuracy": 0.91, "loss": 0.25}`.

    Raises:
        ArgumentError, DataError, TrainingError: as `train` and `load_result`.
    """
    result = network if isinstance(network, Result) else load_result(network, runs_dir=runs_dir)
    data = data or result.data
    check_fits(catalog.network(result.name), data)
    if data == result.data:
        data_dir = data_dir or result.record["data_dir"]
    data_set = load_data(data, data_dir)
    from keras_session5.training import fit

    entry = catalog.network(result.name)
    task = TASKS[entry.task](data_set)
    check_alphabets(result, data)
    fit.check_shape(entry, result.model, task)
    for key, size in task.arguments().items():
        if result.record["arguments"].get(key, size) != size:
            raise ArgumentError(
                f"{data} needs {key}={size}. Received: a run with {key}={result.record['arguments'][key]}"
            )
    return fit.evaluate_split(result.model, task, data_set.test)

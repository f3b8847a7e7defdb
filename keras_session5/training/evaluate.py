"""Evaluation of earlier runs."""

from pathlib import Path

from keras_session5 import catalog
from keras_session5.data import load_data
from keras_session5.errors import ArgumentError
from keras_session5.tasks import task_of
from keras_session5.training.result import Result, load_result
from keras_session5.training.settings import check_alphabets, check_data


def evaluate(
    network: str | Path | Result,
    *,
    data: str | None = None,
    data_dir: str | Path | None = None,
    runs_dir: str | Path = "runs",
) -> dict[str, float]:
    """Evaluates a trained network on the test split of a data set.

    Args:
        network: as `load_result` takes it.
        data: data set; the run's own if None.
        data_dir: directory of TFDS data sets, or a folder of IDX files; if None, the run's own for the run's
            own data.
        runs_dir: directory of all runs.

    Returns:
        The metrics by name, such as 0.91 for `accuracy` and 0.25 for `loss`.

    Raises:
        ArgumentError, DataError, TrainingError: as `train` and `load_result`.
    """
    result = load_result(network, runs_dir=runs_dir)
    entry = catalog.network(result.name)
    if entry.data is None:
        raise ArgumentError(f"{result.name} cannot be evaluated: it has no data set. {entry.untrained}")
    data = data or result.data
    check_data(entry, data)
    if data == result.data:
        data_dir = data_dir or result.record["data_dir"]
    task = task_of(entry, load_data(data, data_dir))
    check_alphabets(result, data)
    from keras_session5.training import fit
    from keras_session5.training.execution import Execution

    fit.check_shape(entry, result.model, task)
    for key, size in task.arguments().items():
        if result.record["arguments"].get(key, size) != size:
            raise ArgumentError(
                f"{data} needs {key}={size}. Received: a run with {key}={result.record['arguments'][key]}"
            )
    with Execution(result.model, task) as execution:
        return execution.evaluate(task.data.test)

"""`session5 evaluate`."""

import typer

from keras_session5.cli.options import RUNS, Data, DataDir, Json, Name, RunDir, Runs
from keras_session5.cli.output import format_metrics, print_json, progress


def evaluate(
    name: Name,
    data: Data = None,
    data_dir: DataDir = None,
    run: RunDir = None,
    runs: Runs = RUNS,
    json: Json = False,
) -> None:
    """Evaluate a finished run on the test split of a data set."""
    from keras_session5.training import evaluate as evaluate_network, load_result

    with progress():
        result = load_result(name, run_dir=run, runs_dir=runs)
        metrics = evaluate_network(result, data=data, data_dir=data_dir)
    data = data or result.data
    if json:
        print_json({"name": name, "data": data, "metrics": metrics, "run_dir": str(result.run_dir)})
        return
    typer.echo(f"{name} on {data}: {format_metrics(metrics)} on the test split. Run: {result.run_dir}")

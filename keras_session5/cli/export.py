"""`session5 export`."""

import typer

from keras_session5.cli.options import MODELS, RUNS, Json, Models, Name, RunDir, Runs
from keras_session5.cli.output import print_json, progress


def register(app: typer.Typer) -> None:
    app.command("export", epilog="Example: session5 export lenet5")(export)


def export(
    name: Name, run: RunDir = None, runs: Runs = RUNS, models: Models = MODELS, json: Json = False
) -> None:
    """Export a finished run as the next version of a served model."""
    from keras_session5.export import export as export_result
    from keras_session5.training import load_result

    with progress():
        result = load_result(name, run_dir=run, runs_dir=runs)
        path = export_result(result, models)
    if json:
        print_json(
            {"name": name, "version": int(path.name), "path": str(path), "run_dir": str(result.run_dir)}
        )
        return
    typer.echo(f"{name} version {path.name}: {path}\nNext: session5 serve")

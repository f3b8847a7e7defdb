"""`session5 export`."""

import typer

from keras_session5.cli.options import MODELS, RUNS, Json, Models, Name, RunDir, Runs
from keras_session5.cli.output import format_metrics, print_json, progress


def export(
    name: Name, run: RunDir = None, runs: Runs = RUNS, models: Models = MODELS, json: Json = False
) -> None:
    """Export a finished run as the next version of a served model."""
    from keras_session5.exporting import export as export_result
    from keras_session5.exporting.replaced import replaced_by
    from keras_session5.training import load_result

    with progress():
        result = load_result(name, run_dir=run, runs_dir=runs)
        path = export_result(result, models)
    replaced = replaced_by(path, result)
    if json:
        exported = {
            "name": name,
            "version": int(path.name),
            "path": str(path),
            "run_dir": str(result.run_dir),
        }
        before = replaced and {
            "version": replaced.version,
            "data": replaced.data,
            "metrics": replaced.metrics,
            "worse": replaced.worse or None,
        }
        print_json(exported | {"metrics": result.metrics, "replaces": before})
        return
    typer.echo(f"{name} version {path.name}: {path}\n  {format_metrics(result.metrics)}")
    if replaced:
        other = "" if replaced.comparable else f", on other data: {replaced.data}"
        typer.echo(
            f"version {replaced.version}, which it replaces{other}:\n  {format_metrics(replaced.metrics)}"
        )
    typer.echo("Next: session5 serve")

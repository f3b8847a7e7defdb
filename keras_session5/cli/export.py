"""`session5 export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from keras_session5.cli.options import MODELS, RUNS, Json, Models, RunDir, Runs
from keras_session5.cli.output import format_metrics, print_json, progress
from keras_session5.errors import ArgumentError

if TYPE_CHECKING:
    from keras_session5.exporting.replaced import Replaced
    from keras_session5.training import Result


def export(
    network: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Network of the catalogue, or a model of your own: FILE.keras."),
    ],
    run: RunDir = None,
    runs: Runs = RUNS,
    models: Models = MODELS,
    name: Annotated[
        str | None, typer.Option(help="Name of your own model on the server.", show_default="the file's")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(
            help="Inputs of your own model: .npz with an array for each input, or .npy.",
            show_default="generated",
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Class names of your own model: a text file, one name in a line.")
    ] = None,
    signature: Annotated[
        list[str] | None,
        typer.Option(help="Further signature of your own model: image_bytes or explain. Repeatable."),
    ] = None,
    json: Json = False,
) -> None:
    """Export a finished run, or a model of your own, as the next version of a served model."""
    from keras_session5.exporting import export as export_model, is_own
    from keras_session5.exporting.replaced import replaced_by
    from keras_session5.training import load_result

    if run and is_own(network):
        raise ArgumentError(
            f"`--run` must be omitted for a model of your own. Received: --run={run} {network}"
        )
    own: dict[str, Any] = {"name": name, "signatures": signature or ()}
    own["examples"] = _read_examples(examples) if examples else None
    own["class_names"] = _read_labels(labels) if labels else None
    with progress():
        result = None if is_own(network) else load_result(network, run_dir=run, runs_dir=runs)
        path = export_model(result or Path(network), models, **own)
    replaced = replaced_by(path, result) if result else None
    if json:
        _print_as_json(path, result, replaced)
        return
    typer.echo(f"{path.parent.name} version {path.name}: {path}")
    if result:
        typer.echo(f"  {format_metrics(result.metrics)}")
    if replaced:
        other = "" if replaced.comparable else f", on other data: {replaced.data}"
        typer.echo(
            f"version {replaced.version}, which it replaces{other}:\n  {format_metrics(replaced.metrics)}"
        )
    typer.echo("Next: session5 serve")


def _print_as_json(path: Path, result: "Result | None", replaced: "Replaced | None") -> None:
    exported = {"name": path.parent.name, "version": int(path.name), "path": str(path)}
    if result:
        before = replaced and {
            "version": replaced.version,
            "data": replaced.data,
            "metrics": replaced.metrics,
            "worse": replaced.worse or None,
        }
        exported |= {"run_dir": str(result.run_dir), "metrics": result.metrics, "replaces": before}
    print_json(exported)


def _read_examples(path: Path) -> Any:
    """Reads the arrays of an .npz file by name, or the only array of a file that does not name it."""
    import numpy as np

    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        arrays = dict(found)
    except (OSError, ValueError) as error:
        raise ArgumentError(
            "`--examples` must be an .npz or .npy file of numbers or texts (of dtype str, not object). "
            f"Received: --examples={path}: {error}"
        ) from None
    return arrays["arr_0"] if set(arrays) == {"arr_0"} else arrays


def _read_labels(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ArgumentError(
            f"`--labels` must be a text file, one class name in a line. Received: --labels={path}: {error}"
        ) from None

"""`session5 train`."""

from typing import Annotated, Any

import typer

from keras_session5.cli import interruptible, options
from keras_session5.cli.output import format_metrics, print_json, progress
from keras_session5.cli.settings import parse_settings


def train(
    name: options.Name,
    data: options.Data = None,
    epochs: options.Epochs = None,
    settings: options.Set = None,
    seed: options.Seed = None,
    xla: options.Xla = None,
    backend: Annotated[
        str | None,
        typer.Option(metavar="tensorflow|jax", help="Keras's backend.", show_default="Keras's own"),
    ] = None,
    data_dir: options.DataDir = None,
    runs: options.Runs = options.RUNS,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the newest unfinished run after its last epoch.")
    ] = False,
    start_from: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|RUN",
            help="Start from another run's weights in layers of the same name: a network's newest run, or a "
            "run directory.",
        ),
    ] = None,
    dashboard: Annotated[
        bool,
        typer.Option("--dashboard/--no-dashboard", help="Write the event files for `session5 dashboard`."),
    ] = True,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Also write a trace of a few steps for the dashboard (needs xprof)."),
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=1, help="Share every batch among this many processes; needs JAX.", show_default="1"),
    ] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Process 0, if the processes are on several machines."),
    ] = None,
    process_id: Annotated[
        int | None, typer.Option(min=0, help="With --coordinator: the process to start here.")
    ] = None,
    model_parallel: Annotated[
        bool,
        typer.Option(
            "--model-parallel",
            help="Divide the weights of a transformer's blocks among all GPUs of this machine; needs JAX.",
        ),
    ] = False,
    json: options.Json = False,
) -> None:
    """Train a network and save the run in runs/NAME/TIME/."""
    from keras_session5.cli import processes as several
    from keras_session5.training import distributed

    several.check_options(processes, coordinator, process_id)
    if model_parallel:
        distributed.check_one_process(processes)
    changes = parse_settings(settings, epochs)
    chosen: dict[str, Any] = {"runs": runs, "data": data, "data_dir": data_dir, "resume": resume}
    if processes and backend:
        distributed.check_backend(backend)
    if processes and not distributed.is_member():
        with interruptible.explained(name, runs=runs, resume=resume):
            several.train(name, processes, coordinator, process_id, changes=changes, **chosen)
        return
    with progress() as verbose:
        result = interruptible.train(
            name,
            seed=seed,
            xla=xla,
            backend=backend,
            start_from=start_from,
            model_parallel=model_parallel,
            dashboard=dashboard,
            profile=profile,
            verbose=verbose if distributed.is_writer() else 0,
            **chosen,
            **changes,
        )
    if not distributed.is_writer():
        return
    record = result.record
    if json:
        keys = ("name", "data", "seed", "parameters", "epochs", "seconds", "jit_compile")
        found = {"run_dir": str(result.run_dir), "metrics": result.metrics}
        print_json({key: record[key] for key in keys} | found)
        return
    trials = record.get("trials") or []
    for i in range(0, len(trials), 50):  # one sign per trial, fifty per line
        row = trials[i : i + 50]
        signs = "".join("." if right else "x" for right in row)
        typer.echo(f"trials {i + 1:>4} to {i + len(row):<4} {signs}  {sum(row)} of {len(row)} right")
    typer.echo(
        f"{name} on {result.data}: {format_metrics(result.metrics)} on the test split, after "
        f"{record['epochs']} epochs in {result.seconds:.1f} s. Run: {result.run_dir}\n"
        f"Next: session5 export {name}, and session5 dashboard {name}"
    )

"""`session5 serve`."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5.cli.advice import suggest_replacement, suggest_training
from keras_session5.cli.options import MODELS, Models
from keras_session5.errors import ArgumentError


def serve(
    config: Annotated[
        Path | None,
        typer.Option(
            help="TensorFlow Serving's configuration file, in which /models stands for --models.",
            show_default="every model in --models",
        ),
    ] = None,
    models: Models = MODELS,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for every interface.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="gRPC port; 0 for any free one.", min=0, max=65535)] = 8500,
    rest_port: Annotated[int, typer.Option(help="REST port; 0 for any free one.", min=0, max=65535)] = 8501,
    engine: Annotated[
        str, typer.Option(metavar="session5|tensorflow_model_server", help="Our server, or the stock binary.")
    ] = "session5",
) -> None:
    """Serve exported models over gRPC and REST until Ctrl-C or SIGTERM."""
    from keras_session5 import checks

    checks.one_of("engine", engine, ["session5", "tensorflow_model_server"])
    if port and port == rest_port:
        raise ArgumentError(f"`--port` and `--rest-port` must be two ports. Received: {port} for both")
    if config is not None and not config.is_file():
        raise ArgumentError(f"`--config` must be a file. Received: --config={config}")
    source: Path | dict[str, str] = config or _find_exported(models)
    if engine == "tensorflow_model_server":
        from keras_session5.cli import stock

        raise typer.Exit(stock.run(source, models, port, rest_port))
    _serve(source, models, host, port, rest_port)


def _serve(source: Path | Mapping[str, str], models: Path, host: str, port: int, rest_port: int) -> None:
    # `server.wait` replaces these handlers and finishes open requests. Before that, exiting at once avoids a
    # traceback from the middle of an import; afterwards, a second signal ends the shutdown at once.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    from keras_session5.cli.example import make_curl_line
    from keras_session5.server.__main__ import hide_training

    hide_training()
    from keras_session5.server.server import end_if_busy, serve as start

    server = start(
        source, models=str(models), host=host, grpc_port=port, rest_port=rest_port, require_all=False
    )
    with server:
        _advise(server)
        typer.echo(f"gRPC  {server.grpc_address}\nREST  {server.rest_address}\n{make_curl_line(server)}")
        typer.echo("Ctrl-C ends the server.")
        server.wait()
    typer.echo("Stopped.")
    end_if_busy(server)


def _advise(server: Any) -> None:
    """Prints a remedy for each model that is not served; the server has logged the cause."""
    for model in server.models():
        states = {version.state.name for version in model.versions}
        if not states and (advice := suggest_training(model.name)):
            typer.echo(f"{model.name}:{advice}", err=True)
        elif states == {"END"}:
            folder = Path(model.base_path) / str(model.versions[0].number)
            typer.echo(f"{model.name}: {suggest_replacement(model.name, folder)}", err=True)


def _find_exported(models: Path) -> dict[str, str]:
    """Returns the folder of every model with an exported version, by name."""
    found = {path.parent.name: str(path.parent) for path in models.glob("*/*") if path.name.isdecimal()}
    if not found:
        raise ArgumentError(
            f"`--models` must hold exported models; `session5 run NAME` makes one. "
            f"Received: --models={models}"
        )
    return dict(sorted(found.items()))

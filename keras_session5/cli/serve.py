"""`session5 serve`."""

import json
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from keras_session5.cli.options import MODELS, Models
from keras_session5.errors import ArgumentError

EXAMPLE = "Example: session5 serve --config serving/models.config --port 8500 --rest-port 8501"

# A first question worth asking, by the signature that takes it.
_FIRST_QUESTIONS = {"from_text": {"text": ["Frankreich"]}}


def register(app: typer.Typer) -> None:
    app.command("serve", epilog=EXAMPLE)(serve)


def serve(
    config: Annotated[
        Path | None,
        typer.Option(
            help="TensorFlow Serving's configuration file; /models in it stands for --models.",
            show_default="every model in --models",
        ),
    ] = None,
    models: Models = MODELS,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the world.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="gRPC port; 0 for any free one.", min=0, max=65535)] = 8500,
    rest_port: Annotated[int, typer.Option(help="REST port; 0 for any free one.", min=0, max=65535)] = 8501,
    engine: Annotated[
        str, typer.Option(metavar="session5|tensorflow_model_server", help="Our server, or the stock binary.")
    ] = "session5",
) -> None:
    """Serve exported models over gRPC and REST until Ctrl-C or SIGTERM."""
    from keras_session5 import checks

    checks.one_of("engine", engine, ["session5", "tensorflow_model_server"])
    if config is not None and not config.is_file():
        raise ArgumentError(f"`--config` must be a file. Received: --config={config}")
    source: Path | dict[str, str] = config or _exported(models)
    if engine == "tensorflow_model_server":
        from keras_session5.cli import stock

        raise typer.Exit(stock.run(source, models, port, rest_port))
    _serve(source, models, host, port, rest_port)


def _serve(source: Path | Mapping[str, str], models: Path, host: str, port: int, rest_port: int) -> None:
    from keras_session5.client import connect
    from keras_session5.server import serve as start

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server = start(
        source, models=str(models), host=host, grpc_port=port, rest_port=rest_port, require_all=False
    )
    with server:
        typer.echo(f"gRPC  {server.grpc_address}\nREST  {server.rest_address}")
        with connect(server.rest_address) as client:
            typer.echo(_curl(server, client))
        typer.echo("Ctrl-C ends it.")
        ended.wait()
    typer.echo("Stopped.")


def _exported(models: Path) -> dict[str, str]:
    """Every model of which there is an exported version."""
    found = {path.parent.name: str(path.parent) for path in models.glob("*/*") if path.name.isdecimal()}
    if not found:
        raise ArgumentError(
            f"`--models` must hold exported models; `session5 run NAME` makes one. "
            f"Received: --models={models}"
        )
    return dict(sorted(found.items()))


def _curl(server: Any, client: Any) -> str:
    """A line that asks a served model, ready to be copied."""
    names = [m.name for m in server.models() if any(v.state.name == "AVAILABLE" for v in m.versions)]
    if not names:
        return "No model is available yet."
    found = {name: client.metadata(name).signatures for name in names}
    for signature, inputs in _FIRST_QUESTIONS.items():
        for name in names:
            if signature in found[name]:
                return _curl_line(server, name, {"signature_name": signature, "inputs": inputs})
    for name in names:
        for alias, info in found[name]["serving_default"].inputs.items():
            zeros = _zeros([size or 1 for size in info.shape or ()])
            return _curl_line(server, name, {"inputs": {alias: zeros}})
    return f"curl {server.rest_address}/v1/models/{names[0]}/metadata"


def _curl_line(server: Any, name: str, body: Mapping[str, Any]) -> str:
    return f"curl -d '{json.dumps(body)}' {server.rest_address}/v1/models/{name}:predict"


def _zeros(shape: list[int]) -> Any:
    return [_zeros(shape[1:])] * shape[0] if shape else 0

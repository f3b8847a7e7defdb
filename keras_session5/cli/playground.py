"""`session5 playground`."""

import contextlib
import importlib.util
import json
import logging
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from keras_session5.checks import free_address
from keras_session5.cli.options import MODELS, RUNS, SERVER, Models, Runs, Server
from keras_session5.errors import ArgumentError, ServingError, Session5Error, UnknownError
from keras_session5.imports import without_collection

_LOOPBACK = ("127.0.0.1", "localhost")
_START_TIMEOUT_S = 180.0  # TensorFlow starts slowly on some machines
_PROBE_TIMEOUT_S = 2.0
_OWN_NETWORK = "my_network"  # `playground.own.NETWORK`; its module needs Gradio


def playground(
    server: Server = SERVER,
    models: Models = MODELS,
    runs: Runs = RUNS,
    host: Annotated[
        str, typer.Option(help="Address that the page listens on; 0.0.0.0 for every interface.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port that the page listens on.", min=1, max=65535)] = 7860,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Open the playground, a page that queries the networks; Ctrl-C ends it.

    If no model server runs at --server, this starts one with every network in --models.
    """
    if importlib.util.find_spec("gradio") is None:
        raise Session5Error(
            'The page needs Gradio: pip install "keras-session5[playground]", or in a checkout '
            "pip install -e '.[playground]'."
        )
    if not server.startswith(("http://", "https://")):
        raise ArgumentError(
            f"`--server` must be the address of a REST API, http://HOST:PORT. Received: --server={server}"
        )
    free_address(host, port)  # before starting a server
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    running = _is_model_server(server)
    with contextlib.nullcontext() if running else _start_server(server, models, ended) as wait:
        # Gradio and TensorFlow take equally long to import; the server imports TensorFlow at the same time.
        with without_collection():
            from keras_session5.playground import open_page
        if wait:
            wait()
        if ended.is_set():
            return
        # Gradio checks by HTTP that it is up, which is logged.
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        page = open_page(server, models, runs, host=host, port=port, browser=open_browser)
        try:
            typer.echo(
                f"Playground: http://{host}:{port}/\nModel server: {server}. Ctrl-C ends the playground."
            )
            ended.wait()
        finally:
            page.close(verbose=False)
    typer.echo("Stopped.")


def _is_model_server(server: str) -> bool:
    """Returns whether a model server listens at the address.

    Raises:
        ArgumentError: if another program listens there.
    """
    from keras_session5.client.address import parse
    from keras_session5.client.deadline import Deadline
    from keras_session5.client.http_pool import HttpPool

    address = parse(server)
    pool = HttpPool(address)
    try:
        deadline = Deadline(_PROBE_TIMEOUT_S, server)
        json.loads(pool.request("GET", f"{address.prefix}/v1/models", None, deadline).body)
    except UnknownError:
        raise ArgumentError(
            f"`--server` must be the address of a REST API, but the program there does not speak HTTP. "
            f"Is it a gRPC port? `session5 serve` prints both addresses; use the one after REST. "
            f"Received: --server={server}"
        ) from None
    except ServingError:  # nothing answers
        return False
    except ValueError:
        raise ArgumentError(
            f"`--server` must be a model server or a free port, but another program listens there. "
            f"Received: --server={server}"
        ) from None
    finally:
        pool.close()
    return True


@contextlib.contextmanager
def _start_server(server: str, models: Path, ended: threading.Event) -> Iterator[Callable[[], None]]:
    """Runs the model server as a child process at this address; yields a function that waits for it."""
    where = urlsplit(server)
    if where.scheme != "http" or where.hostname not in _LOOPBACK or where.path not in ("", "/"):
        raise ArgumentError(
            f"No model server answers at {server}, and the playground can start one on this machine only. "
            "Omit `--server`, or use http://127.0.0.1:PORT."
        )
    typer.echo(f"No model server answers at {server}: starting one with the networks in {models}.", err=True)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "models.config"
        config.write_text(_render_config(models), "utf-8")
        command = [sys.executable, "-m", "keras_session5.server", f"--model_config_file={config}"]
        command += ["--host=127.0.0.1", "--port=0", f"--rest_api_port={where.port or 80}"]
        # Only REST is used, but the server also needs a place for gRPC; a socket in this folder is free.
        command += [f"--grpc_socket_path={folder}/grpc.sock", "--load_retry_interval_micros=500000"]
        command += ["--rest_api_timeout_in_ms=60000"]  # the first requests wait until their models are loaded
        log = Path(folder) / "server.log"
        with log.open("w") as lines:
            process = subprocess.Popen(command, stdout=lines, stderr=lines, start_new_session=True)
        try:
            yield lambda: _wait_until_ready(process, server, ended, log)
        finally:
            process.terminate()
            process.wait()


def _render_config(models: Path) -> str:
    """Returns a configuration of every exportable network and of the reader's own.

    The server loads each once it is exported.
    """
    from keras_session5.catalog import NETWORKS
    from keras_session5.cli.stock import render

    names = [*(name for name, entry in NETWORKS.items() if entry.data), _OWN_NETWORK]
    return render({name: str(models / name) for name in names}, models)


def _wait_until_ready(process: subprocess.Popen, server: str, ended: threading.Event, log: Path) -> None:
    """Returns when the server listens. It holds requests for a model until the model is loaded."""
    until = time.monotonic() + _START_TIMEOUT_S
    while not ended.is_set():
        if process.poll() is not None:
            last_lines = "\n".join(log.read_text("utf-8").splitlines()[-5:])
            raise Session5Error(f"The model server ended at once. Its last output:\n{last_lines}")
        if _is_model_server(server):
            return
        if time.monotonic() > until:
            raise Session5Error(f"The model server at {server} did not start in {_START_TIMEOUT_S:.0f} s.")
        ended.wait(0.2)

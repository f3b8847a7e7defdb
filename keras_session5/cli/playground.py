"""`session5 playground`."""

import contextlib
import http.client
import importlib.util
import json
import logging
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from keras_session5.checks import free_address
from keras_session5.cli.options import MODELS, SERVER, Models, Server
from keras_session5.errors import ArgumentError, Session5Error
from keras_session5.imports import without_collection

_LOOPBACK = ("127.0.0.1", "localhost")
_START_S = 180.0  # for TensorFlow on a slow machine
_LOOK_S = 2.0  # for a server that is there to say so


def playground(
    server: Server = SERVER,
    models: Models = MODELS,
    host: Annotated[
        str, typer.Option(help="Address the page listens on; 0.0.0.0 for the world.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port the page listens on.", min=1, max=65535)] = 7860,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Open the page to play with the networks; Ctrl-C ends it.

    Without a model server at --server one is started there, with every network in --models.
    """
    if importlib.util.find_spec("gradio") is None:
        raise Session5Error(
            'The page needs Gradio: pip install "keras-session5[playground]", or in a checkout '
            "pip install -e '.[playground]'."
        )
    if not server.startswith(("http://", "https://")):
        raise ArgumentError(f"`--server` must be that of a REST API, http://HOST:PORT. Received: {server}")
    free_address(host, port)  # before a server is started for nothing
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    running = _answers(server)
    with contextlib.nullcontext() if running else _started(server, models, ended) as wait:
        # Gradio takes as long to import as TensorFlow does, which the server is importing meanwhile.
        with without_collection():
            from keras_session5.playground import open_page
        if wait:
            wait()
        if ended.is_set():
            return
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # how Gradio finds out that it is up
        logging.getLogger("httpx").setLevel(logging.WARNING)
        page = open_page(server, models, host=host, port=port, browser=open_browser)
        try:
            typer.echo(f"Playground: http://{host}:{port}/\nIt asks the models at {server}. Ctrl-C ends it.")
            ended.wait()
        finally:
            page.close(verbose=False)
    typer.echo("Stopped.")


def _answers(server: str) -> bool:
    """Whether a model server is there.

    Raises:
        ArgumentError: if something else is.
    """
    try:
        with _get(f"{server}/v1/models/any") as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:  # an answer, too
        body = error.read()
    except OSError:
        return False
    except http.client.HTTPException:
        raise ArgumentError(
            f"`--server` must be that of a REST API, but what answers there does not speak HTTP. Is it a "
            f"gRPC port? `session5 serve` prints both addresses: give the one after REST. "
            f"Received: --server={server}"
        ) from None
    try:
        json.loads(body)
    except ValueError:
        raise ArgumentError(
            f"`--server` must be a model server or a free port, but something else answers there. "
            f"Received: --server={server}"
        ) from None
    return True


@contextlib.contextmanager
def _started(server: str, models: Path, ended: threading.Event) -> Iterator[Callable[[], None]]:
    """Runs our model server as a child, on the address that was asked for; gives a wait for it."""
    where = urlsplit(server)
    if where.scheme != "http" or where.hostname not in _LOOPBACK or where.path not in ("", "/"):
        raise ArgumentError(
            f"No model server answers at {server}, and one can be started on this machine only: "
            "leave `--server` out, or give http://127.0.0.1:PORT."
        )
    typer.echo(f"No model server answers at {server}: starting one with the networks in {models}.", err=True)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "models.config"
        config.write_text(_config(models), "utf-8")
        command = [sys.executable, "-m", "keras_session5.server", f"--model_config_file={config}"]
        command += ["--host=127.0.0.1", "--port=0", f"--rest_api_port={where.port or 80}"]
        # REST alone has to be up, but the server wants a place for gRPC, too; a socket clashes with nobody.
        command += [f"--grpc_socket_path={folder}/grpc.sock", "--load_retry_interval_micros=500000"]
        command += ["--rest_api_timeout_in_ms=60000"]  # the first requests wait until their models are loaded
        log = Path(folder) / "server.log"  # a page of lines that nobody needs, unless it ends
        with log.open("w") as lines:
            process = subprocess.Popen(command, stdout=lines, stderr=lines, start_new_session=True)
        try:
            yield lambda: _wait(process, server, ended, log)
        finally:
            process.terminate()
            process.wait()


def _config(models: Path) -> str:
    """Every network that can be exported: those that are not there yet are served as soon as they are."""
    from keras_session5.catalog import NETWORKS
    from keras_session5.cli.stock import render

    return render({name: str(models / name) for name, entry in NETWORKS.items() if entry.data}, models)


def _wait(process: subprocess.Popen, server: str, ended: threading.Event, log: Path) -> None:
    """Returns when the server listens. A request for a model that is still being loaded waits there."""
    until = time.monotonic() + _START_S
    while not ended.is_set():
        if process.poll() is not None:
            said = "\n".join(log.read_text("utf-8").splitlines()[-5:])
            raise Session5Error(f"The model server ended at once. It said:\n{said}")
        with contextlib.suppress(OSError), _get(f"{server}/v1/models"):
            return
        if time.monotonic() > until:
            raise Session5Error(f"The model server at {server} did not start in {_START_S:.0f} s.")
        ended.wait(0.2)


def _get(url: str):
    """Without a proxy: a model server is a neighbour."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=_LOOK_S)

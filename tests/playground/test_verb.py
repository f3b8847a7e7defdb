"""`session5 playground`, as far as it comes without a page."""

import importlib.util
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
import typer
from typer.testing import CliRunner

from keras_session5.catalog import NETWORKS
from keras_session5.cli import playground
from keras_session5.errors import ArgumentError, Session5Error

app = typer.Typer()
app.command()(playground.playground)
needs_gradio = pytest.mark.skipif(
    importlib.util.find_spec("gradio") is None, reason="the page needs the extra playground"
)


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_help_imports_neither_gradio_nor_tensorflow():
    code = (
        "import sys, typer; from typer.testing import CliRunner; from keras_session5.cli import playground\n"
        "app = typer.Typer(); app.command()(playground.playground)\n"
        "assert '--server' in CliRunner().invoke(app, ['--help']).output\n"
        "sys.exit(any(name in sys.modules for name in ('gradio', 'tensorflow', 'keras', 'matplotlib')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_gradio_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    error = run().exception
    assert isinstance(error, Session5Error)
    assert 'pip install "keras-session5[playground]"' in str(error)


@needs_gradio
@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("127.0.0.1:8500", "must be the address of a REST API"),
        ("http://127.0.0.1:1/prefix", "can start one on this machine only"),
        ("https://127.0.0.1:1", "can start one on this machine only"),
    ],
)
def test_an_address_that_is_none_is_told(server, sentence):
    error = run("--server", server).exception
    assert isinstance(error, ArgumentError)
    assert sentence in str(error)


@needs_gradio
def test_another_program_on_the_port_is_not_taken_for_a_model_server():
    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>something else</html>")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.handle_request).start()
        error = run("--server", f"http://127.0.0.1:{server.server_port}").exception
    assert isinstance(error, ArgumentError)
    assert "another program listens there" in str(error)


@needs_gradio
def test_a_grpc_port_is_told_from_a_rest_port():
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        error = run("--server", f"http://127.0.0.1:{port}").exception
    finally:
        server.stop(None)
    assert isinstance(error, ArgumentError)
    assert "does not speak HTTP. Is it a gRPC port?" in str(error)


def test_every_network_that_can_be_exported_is_configured(tmp_path):
    text = playground._render_config(tmp_path)
    for name, entry in NETWORKS.items():
        assert (f'name: "{name}" base_path: "{tmp_path / name}"' in text) == (entry.data is not None)


@needs_gradio
def test_a_server_that_ends_at_once_is_quoted(tmp_path):
    (tmp_path / "saved_models").mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken, though nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = run("--server", address, "--models", str(tmp_path / "saved_models")).exception
    assert isinstance(error, Session5Error)
    assert "The model server ended at once. Its last output:\n" in str(error)
    assert "Failed to start server" in str(error)

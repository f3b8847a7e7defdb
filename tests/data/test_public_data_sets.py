"""Without the internet a public data set ends in a sentence, within five seconds."""

import http.server
import subprocess
import sys
import threading

import pytest

from keras_session5.data import load_data, reachability
from keras_session5.errors import DataError

HANGING_LOOK_UP = """
import socket, sys, time
socket.getaddrinfo = lambda *args, **kwargs: time.sleep(600)
from keras_session5.data import load_data
try:
    load_data("mnist", sys.argv[1])
finally:
    print("tensorflow" in sys.modules)
"""
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def no_proxy_settings(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server(no_proxy_settings):
    """An HTTP server, and as a proxy: knows /there, answers anything else with 403."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(200 if self.path == "/there" else 403)
            self.end_headers()

        def log_message(self, format, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.mark.usefixtures("no_proxy_settings")
def test_a_look_up_that_hangs_ends_soon_and_without_tensorflow(tmp_path):
    command = [sys.executable, "-c", HANGING_LOOK_UP, str(tmp_path)]
    process = subprocess.run(
        command, capture_output=True, text=True, timeout=120
    )  # it would hang for ten minutes
    assert process.returncode == 1
    assert process.stdout == "False\n"
    assert "cannot be reached (no response within 2.5 seconds)" in process.stderr


def test_the_sentence_names_the_ways_out(tmp_path, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server)
    with pytest.raises(DataError) as caught:
        load_data("fashion_mnist", tmp_path)
    sentence = str(caught.value)
    assert "fashion_mnist must be downloaded from the internet" in sentence
    assert "HTTP Error 403" in sentence  # the proxy was asked
    assert "logic_gates, digits, place_names" in sentence
    assert "--data-dir" in sentence
    assert "apt-get install dataset-fashion-mnist" in sentence
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_reachable(server):
    reachability.check_reachable("mnist", f"{server}/there")


@pytest.mark.usefixtures("no_proxy_settings")
def test_a_closed_port_is_not_reachable():
    with pytest.raises(DataError, match=r"cannot be reached \(.*refused"):
        reachability.check_reachable("mnist", "http://127.0.0.1:9/file")


@pytest.mark.network
@pytest.mark.slow
def test_mnist_comes_from_the_internet(tmp_path):
    data = load_data("mnist", tmp_path)
    assert data.train.inputs.shape == (60_000, 28, 28, 1)
    assert data.test.inputs.shape == (10_000, 28, 28, 1)

"""The page as a whole, without a browser."""

import socket
import subprocess
import sys

import pytest

from keras_session5.errors import ArgumentError, Session5Error

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import build_page, open_page


def test_building_the_page_imports_no_tensorflow():
    code = (
        "import sys; from keras_session5.playground import build_page; build_page('http://127.0.0.1:9')\n"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_page_asks_over_rest_only():
    with pytest.raises(ArgumentError, match="must be http://HOST:PORT"):
        build_page("127.0.0.1:8500")


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            Session5Error, match=f"address that is free. Received: 127.0.0.1:{port} .*another port"
        ):
            open_page("http://127.0.0.1:9", port=port)

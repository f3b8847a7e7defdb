"""The tab of the server: what is up, and one request as it goes over the wire."""

import json
import shlex
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest

from keras_session5.client import TensorInfo
from keras_session5.errors import ArgumentError, NotFoundError, UnavailableError, UnimplementedError

pytest.importorskip("gradio", reason="the page needs the extra playground")

from keras_session5.playground import serving
from keras_session5.playground.raw_request import RawClient, example_inputs


class Rest(BaseHTTPRequestHandler):
    """Answers what `pages` of its server says, and keeps what was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        self.server.received.append((self.path, self.rfile.read(length)))
        status, value = self.server.pages.get(self.path, (404, {"error": "none"}))
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def rest():
    with ThreadingHTTPServer(("127.0.0.1", 0), Rest) as server:
        server.daemon_threads = True
        server.pages, server.received = {}, []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.address = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def raw(rest):
    raw = RawClient(rest.address)
    yield raw
    raw._pool.close()


def test_a_request_is_shown_as_it_was_sent(rest, raw):
    answer = {"outputs": {"label": ["German"], "probabilities": [[0.25] * 200]}}
    rest.pages["/v1/models/simple_rnn:predict"] = 200, answer
    done = raw.predict("simple_rnn", "from_text", '{"text": ["Frankreich\'s"]}')
    path, body = rest.received[-1]
    assert (path, body) == ("/v1/models/simple_rnn:predict", done.body.encode())
    assert json.loads(body) == {"signature_name": "from_text", "inputs": {"text": ["Frankreich's"]}}
    assert shlex.split(done.curl) == ["curl", "-d", done.body, f"{rest.address}{path}"]
    assert done.status == 200
    assert 0 < done.milliseconds < 10_000
    assert '"label": ["German"]' in done.response
    assert done.response.count("0.25") < 200  # cut short
    assert "…" in done.response


def test_a_refusal_is_shown_with_its_status(rest, raw):
    rest.pages["/v1/models/gpt:predict"] = 400, {"error": "`text` must begin with"}
    status, _, _, answer = serving.send(raw, "gpt", "from_text", '{"text": ["x"]}')
    assert "Failed with status 400 in" in status
    assert "must begin with" in answer


def test_inputs_that_are_no_json_are_told(raw):
    with pytest.raises(ArgumentError, match="must be JSON"):
        raw.predict("gpt", "from_text", "{text: x}")


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(UnavailableError, match="Start one with `session5 serve`"):
        RawClient("http://127.0.0.1:9").predict("gpt", "from_text", "[]")


def test_an_address_of_grpc_is_refused():
    with pytest.raises(ArgumentError, match="must be http://HOST:PORT"):
        RawClient("127.0.0.1:8500")


def test_all_that_is_served_is_listed_and_what_is_missing_told(fake_predictor):
    predictor = fake_predictor({("mine", "serving_default"): {}, ("gpt", "from_text"): {}})
    listed = predictor.client.models() | {"vit": []}
    predictor.client.models = lambda: listed
    rows = [["mine", 3, "AVAILABLE "], ["gpt", 3, "AVAILABLE "], ["vit", "-", "missing"]]
    assert serving.list_versions(predictor) == rows
    _, dropdown = serving.list_available(predictor, "mine")
    assert (dropdown.value, [name for name, _ in dropdown.choices]) == ("mine", ["gpt", "mine"])


def test_a_server_that_does_not_list_its_models_is_asked_for_the_catalogue(fake_predictor):
    predictor = fake_predictor({("gpt", "from_text"): {}, ("mine", "serving_default"): {}})

    def models():
        raise UnimplementedError("The model server does not list its models.")  # as TensorFlow Serving

    predictor.client.models = models
    assert serving.list_versions(predictor) == [["gpt", 3, "AVAILABLE "]]


def test_without_a_model_there_is_a_sentence(raw, fake_predictor):
    with pytest.raises(NotFoundError, match="session5 tour"):
        serving.send(raw, None, None, "")
    assert serving.list_signatures(fake_predictor({}), None)[1] == ""


def test_examples_are_such_that_the_networks_understand(fake_predictor):
    predictor = fake_predictor({})
    signature = SimpleNamespace(inputs={"text": TensorInfo("string", (None,))})
    predictor.client.metadata = lambda _: SimpleNamespace(
        signatures={"explain_text": signature, "from_text": signature}
    )
    dropdown, inputs = serving.list_signatures(predictor, "transformer")
    assert dropdown.value == "from_text"
    assert json.loads(inputs) == {"text": ["12 mars 2020"]}
    spec = {"series": TensorInfo("float32", (None, None, 1)), "temperature": TensorInfo("float32", (None,))}
    values = json.loads(example_inputs("x", spec))
    assert np.shape(values["series"]) == (1, 1, 1)
    assert values["temperature"] == [0.8]
    (image,) = json.loads(example_inputs("lenet5", {"image_bytes": TensorInfo("string", (None,))}))[
        "image_bytes"
    ]
    assert set(image) == {"b64"}

"""Paths, methods and connections of the REST API."""

import json
import socket
import time
from pathlib import Path

import pytest

from keras_session5.errors import InvalidArgumentError
from keras_session5.server import Server
from keras_session5.server.config import ModelConfig
from keras_session5.server.settings import Settings

from .asking import Rest

BODY = '{"instances": [1]}'


def _malformed(method: str, path: str) -> bytes:
    return json.dumps({"error": f"Malformed request: {method} {path}"}, indent=4).encode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/foo"),
        ("GET", "/v1/models/half/"),
        ("GET", "/v1/models/half:predict"),
        ("POST", "/v1/models/half"),
        ("POST", "/v1/models/half:Predict"),
        ("POST", "/v1/models/half:predict?x=1"),
        ("POST", "/v1/models/half/versions/one:predict"),
        ("POST", "/v1/models/half/versions/1/labels/stable:predict"),
        ("GET", "/v1/models/half/Metadata"),
        ("PUT", "/v1/models/half"),
        ("DELETE", "/v1/models/half"),
    ],
)
def test_what_is_no_request_of_the_api_is_malformed(rest: Rest, method: str, path: str):
    assert rest.request(method, path, BODY) == (400, _malformed(method, path))


@pytest.mark.parametrize(
    ("status", "path", "text"),
    [
        (400, "/v1/models/versions/1", "Missing model name in request."),
        (
            400,
            "/v1/models/half/versions/18446744073709551615",
            "Failed to convert version: 18446744073709551615 to numeric.",
        ),
        (404, "/v1/models/half?x=1", "Could not find any versions of model half?x=1"),
        (404, "/v1/models/%2Fetc%2Fpasswd", "Could not find any versions of model /etc/passwd"),
        (404, "/v1/models/..", "Could not find any versions of model .."),
        (404, "/v1/models/%2e%2e%2fhalf/metadata", "Servable not found for request: Latest(../half)"),
        (404, "/v1/models/a%3Ab/metadata", "Servable not found for request: Latest(a:b)"),
    ],
)
def test_a_name_is_decoded_and_never_a_path(rest: Rest, status: int, path: str, text: str):
    got, body = rest.request("GET", path)
    assert (got, json.loads(body)) == (status, {"error": text})


def test_a_version_may_have_zeros_before_it(rest: Rest):
    zeros = "0" * 5000
    assert rest.request("POST", f"/v1/models/half/versions/{zeros}1:predict", BODY)[0] == 200
    status, body = rest.request("GET", f"/v1/models/half/versions/{zeros}{'9' * 20}")
    assert (status, b"to numeric." in body) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [{"\xff": 1}]}',
        b'{"signature_name": "\xff", "instances": [1]}',
        b'{"instances": ' + b"[" * 70 + b"1" + b"]" * 70 + b"}",
        b'{"inputs": ' + b"[" * 65 + b"1" + b"]" * 65 + b"}",
    ],
)
def test_what_cannot_be_a_tensor_is_a_bad_request(rest: Rest, body: bytes):
    assert rest.request("POST", "/v1/models/half:predict", body)[0] == 400


@pytest.mark.parametrize("rank", [32, 33, 64, 65])
def test_strings_of_many_dimensions_do_not_end_the_process(rest: Rest, rank: int):
    tensor = "[" * rank + '"a"' + "]" * rank
    body = f'{{"signature_name": "text", "inputs": {tensor}}}'
    assert rest.request("POST", "/v1/models/kinds:predict", body)[0] == (200 if rank == 32 else 400)


def test_a_signature_whose_name_is_no_text_is_not_there(rest: Rest):
    body = b'{"signature_name": "\xff", "examples": [{"x": 1}]}'
    assert rest.request("POST", "/v1/models/kinds:classify", body)[0] == 400


@pytest.mark.slow
def test_half_a_request_gets_an_answer_and_a_closed_connection(saved: Path):
    settings = Settings(grpc_port=0, rest_port=0, rest_api_timeout_in_ms=300)
    with Server([ModelConfig("half", str(saved / "half"))], settings).start() as server:
        host, port = server.rest_address.removeprefix("http://").split(":")
        for half in (b"", b"{"):
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                head = b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
                connection.sendall(head + half)
                answer = b"".join(iter(lambda connection=connection: connection.recv(4096), b""))
                assert answer.startswith(b"HTTP/1.1 408 ")


def test_case_matters_only_for_names_and_verbs(rest: Rest):
    assert rest.request("POST", "/V1/Models/half/Versions/1:predict", BODY)[0] == 200
    assert rest.request("POST", "/v1/models/Half:predict", BODY)[0] == 404


def test_other_paths_are_a_plain_404(rest: Rest):
    assert rest.request("GET", "/")[0] == 404
    assert rest.request("GET", "/monitoring")[0] == 404
    assert rest.request("POST", "/readyz")[0] == 404


def test_the_models_are_listed(rest: Rest, saved: Path):
    models = rest.ask("GET", "/v1/models")["models"]
    assert [model["name"] for model in models] == ["half", "pair", "kinds"]
    assert models[0]["base_path"] == str(saved / "half")
    assert [version["version"] for version in models[0]["model_version_status"]] == ["2", "1"]
    assert models[0]["model_version_status"] == rest.ask("GET", "/v1/models/half")["model_version_status"]


def test_it_says_whether_it_lives_and_whether_it_is_ready(rest: Rest):
    assert rest.request("GET", "/healthz") == (200, b"ok\n")
    assert rest.request("GET", "/readyz") == (200, b"ok\n")


def test_requests_are_counted_by_model_version_signature_and_code(rest: Rest):
    def lines() -> set[str]:
        return set(rest.request("GET", "/monitoring/prometheus/metrics")[1].decode().splitlines())

    def count(metric: str) -> int:
        return sum(int(line.split()[-1]) for line in lines() if line.startswith(metric))

    asked = 'session5_requests_total{{model="pair",version="7",signature="{}",api="predict",{}}}'
    fine = asked.format("scalar", 'entrypoint="REST",code="OK"')
    wrong = asked.format("", 'entrypoint="REST",code="INVALID_ARGUMENT"')
    upstream = ':tensorflow:serving:request_count{model_name="pair",status="OK"}'
    before = [count(metric) for metric in (fine, wrong, upstream)]
    rest.ask("POST", "/v1/models/pair:predict", {"signature_name": "scalar", "inputs": {"a": [1], "b": [2]}})
    with pytest.raises(InvalidArgumentError):
        rest.ask(
            "POST", "/v1/models/pair:predict", {"signature_name": "none", "inputs": {"a": [1], "b": [2]}}
        )
    assert [count(metric) for metric in (fine, wrong, upstream)] == [number + 1 for number in before]
    assert 'session5_model_state{model="half",version="1",state="AVAILABLE"} 1' in lines()
    assert 'session5_requests_in_flight{model="pair"} 0' in lines()


def test_options_want_an_origin(rest: Rest):
    path = "/v1/models/half:predict"
    assert rest.request("OPTIONS", path, headers={"Origin": "http://example.org"}) == (200, b"")
    assert rest.request("OPTIONS", path) == (400, b"")


def test_the_content_type_of_a_request_does_not_matter(rest: Rest):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert rest.request("POST", "/v1/models/half:predict", BODY, headers)[0] == 200


def test_the_status_prints_defaults_and_versions_as_text(rest: Rest):
    _, body = rest.request("GET", "/v1/models/half/versions/1")
    status = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert json.loads(body) == {"model_version_status": [status]}


def test_the_metadata_are_laid_out_as_upstreams(rest: Rest):
    reply = rest.ask("GET", "/v1/models/half/labels/stable/metadata")
    assert reply["model_spec"] == {"name": "half", "signature_name": "", "version": "1"}
    signature = reply["metadata"]["signature_def"]["signature_def"]["serving_default"]
    dims = [{"size": "-1", "name": ""}, {"size": "1", "name": ""}]
    shape = {"dim": dims, "unknown_rank": False}
    assert signature["inputs"] == {
        "x": {"dtype": "DT_FLOAT", "tensor_shape": shape, "name": "serving_default_x:0"}
    }
    assert signature["method_name"] == "tensorflow/serving/predict"
    assert signature["defaults"] == {}


def test_a_reply_does_not_wait_for_delayed_packets(rest: Rest):
    rest.request("GET", "/v1/models/half")
    seconds = []
    for _ in range(40):
        began = time.perf_counter()
        rest.request("GET", "/v1/models/half")
        seconds.append(time.perf_counter() - began)
    # A delayed acknowledgement takes 0.04 s each time but the first few; no busy machine is always slow.
    assert min(seconds[20:]) < 0.03


def test_a_client_that_goes_away_leaves_the_server_answering(server, rest: Rest):
    host, port = server.rest_address.removeprefix("http://").split(":")
    for start in (b"POST /v1/models/half:predict HTTP/1.1\r\n", b"nonsense\r\n\r\n", b""):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(start)
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /v1/models/half:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    assert rest.request("POST", "/v1/models/half:predict", BODY)[0] == 200

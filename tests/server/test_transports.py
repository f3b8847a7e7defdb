"""How the server listens: encrypted, on a UNIX socket, with reflection, for other sites' pages."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from keras_session5.errors import InvalidArgumentError, UnavailableError
from keras_session5.server import Server
from keras_session5.server.config import ModelConfig
from keras_session5.server.settings import Settings
from keras_session5.server.tls import TlsConfig, read_tls
from keras_session5.server.transports import check_socket

from .asking import Grpc, Rest, Spec

X = {"x": np.array([1.0], np.float32)}


@contextmanager
def _serve(saved: Path, **settings) -> Iterator[Server]:
    config = ModelConfig("half", str(saved / "half"))
    ports: dict[str, Any] = {"grpc_port": 0, "rest_port": 0}
    with Server([config], Settings(**ports | settings)).start() as server:
        server.wait_for_models(60)
        yield server


# Encryption


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Gives the text of `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` and `other.pem`."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificates, and is not installed")
    folder = tmp_path_factory.mktemp("certificates")

    def run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "rsa:2048", "-nodes"]
    for name in ("ca", "other"):
        run("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names"]
        run("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signed)
    return lambda name: (folder / name).read_text()


@pytest.fixture
def tls(certificates: Callable[[str], str]) -> TlsConfig:
    return TlsConfig(certificates("server.key"), certificates("server.pem"))


@pytest.fixture
def strict_tls(certificates: Callable[[str], str]) -> TlsConfig:
    """The same for clients with a certificate only."""
    return TlsConfig(certificates("server.key"), certificates("server.pem"), certificates("ca.pem"), True)


def _grpc_predicts(address: str, ca: str, key: str = "", certificate: str = "") -> bool:
    """Whether a client that trusts `ca` and shows `certificate` gets an answer."""
    own = [text.encode() or None for text in (key, certificate)]
    client = Grpc(address, grpc.ssl_channel_credentials(ca.encode(), *own))
    try:
        return bool(client.predict(Spec("half"), X)["y"] == 3.5)
    except UnavailableError:
        return False
    finally:
        client.close()


def test_grpc_can_be_encrypted(saved: Path, tls: TlsConfig, certificates: Callable[[str], str]):
    with _serve(saved, ssl=tls) as server:
        assert _grpc_predicts(server.grpc_address, certificates("ca.pem"))
        assert not _grpc_predicts(server.grpc_address, certificates("other.pem"))
        plain = grpc.insecure_channel(server.grpc_address)
        with pytest.raises(grpc.FutureTimeoutError):
            grpc.channel_ready_future(plain).result(timeout=1)
        plain.close()
        rest = Rest(server.rest_address)  # not encrypted by the flag for gRPC, as upstream
        assert rest.states(Spec("half")) == [(2, "AVAILABLE")]
        rest.close()


def test_grpc_can_ask_for_a_certificate(
    saved: Path, strict_tls: TlsConfig, certificates: Callable[[str], str]
):
    ca, key, certificate = (certificates(name) for name in ("ca.pem", "client.key", "client.pem"))
    with _serve(saved, ssl=strict_tls, rest_port=None) as server:
        assert _grpc_predicts(server.grpc_address, ca, key, certificate)
        assert not _grpc_predicts(server.grpc_address, ca)
        assert not _grpc_predicts(
            server.grpc_address, ca, certificates("other.key"), certificates("other.pem")
        )


def test_rest_can_be_encrypted_and_ask_for_a_certificate(
    saved: Path, strict_tls: TlsConfig, certificates: Callable[[str], str], tmp_path: Path
):
    known, unknown = (ssl.create_default_context(cadata=certificates("ca.pem")) for _ in range(2))
    (tmp_path / "both").write_text(certificates("client.key") + certificates("client.pem"))
    known.load_cert_chain(tmp_path / "both")
    with _serve(saved, rest_ssl=strict_tls) as server:
        assert server.rest_address.startswith("https://127.0.0.1:")
        rest = Rest(server.rest_address, known)
        assert rest.predict(Spec("half"), X)["y"] == 3.5
        rest.close()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Rest(server.rest_address, unknown).states(Spec("half"))
        client = Grpc(server.grpc_address)
        assert client.predict(Spec("half"), X)["y"] == 3.5
        client.close()


def test_a_configuration_holds_the_contents_of_the_files(
    tmp_path: Path, strict_tls: TlsConfig, certificates: Callable[[str], str]
):
    texts = [certificates(name).replace("\n", "\\n") for name in ("server.key", "server.pem", "ca.pem")]
    path = tmp_path / "ssl.config"
    path.write_text(
        f'server_key: "{texts[0]}" server_cert: "{texts[1]}" custom_ca: "{texts[2]}" client_verify: true'
    )
    assert read_tls(path) == strict_tls
    assert "PRIVATE KEY" not in repr(strict_tls)


def test_keys_and_certificates_that_are_none_are_refused(certificates: Callable[[str], str]):
    key, certificate = certificates("server.key"), certificates("server.pem")
    for own_key, own_certificate, ca in (
        ("", "", ""),
        ("server.key", "server.pem", ""),
        (key, certificates("client.pem"), ""),
        (key, certificate, "no authority"),
    ):
        with pytest.raises(InvalidArgumentError, match="must be the contents of PEM files"):
            TlsConfig(own_key, own_certificate, ca)
    with pytest.raises(InvalidArgumentError, match="client_verify needs custom_ca"):
        TlsConfig(key, certificate, client_verify=True)


# The UNIX socket


def test_a_socket_lies_beside_the_port(saved: Path, tmp_path: Path):
    path = tmp_path / "socket"
    with _serve(saved, grpc_socket_path=str(path)) as server:
        for address in (server.grpc_address, f"unix:{path}"):
            client = Grpc(address)
            assert client.predict(Spec("half"), X)["y"] == 3.5
            client.close()
    assert not path.exists()


def test_a_socket_left_behind_by_a_killed_server_is_replaced(saved: Path, tmp_path: Path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as killed:
        killed.bind(str(path))
    with _serve(saved, grpc_port=None, rest_port=None, grpc_socket_path=str(path)) as server:
        client = Grpc(server.grpc_address)
        assert client.predict(Spec("half"), X)["y"] == 3.5
        client.close()


def test_a_socket_in_use_goes_to_the_newest_server(
    saved: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "socket"
    with _serve(saved, grpc_socket_path=str(path)) as older, _serve(saved, grpc_socket_path=str(path)):
        assert f"{path} was another server's" in caplog.text
        client = Grpc(f"unix:{path}")
        older.stop()
        assert client.predict(Spec("half"), X)["y"] == 3.5
        client.close()
    assert not path.exists()


def test_a_file_is_no_socket(tmp_path: Path):
    path = tmp_path / "precious"
    path.write_text("keep me")
    with pytest.raises(UnavailableError):
        check_socket(str(path))
    assert path.read_text() == "keep me"
    check_socket(str(tmp_path / "none"))


# The rest


def test_reflection_lists_the_services_and_describes_their_messages(server):
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = [
            reflection_pb2.ServerReflectionRequest(list_services=""),
            reflection_pb2.ServerReflectionRequest(
                file_containing_symbol="tensorflow.serving.PredictionService"
            ),
        ]
        listed, described = stub.ServerReflectionInfo(iter(asked), timeout=60)
    assert {service.name for service in listed.list_services_response.service} == {
        "tensorflow.serving.PredictionService",
        "tensorflow.serving.ModelService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }
    assert described.file_descriptor_response.file_descriptor_proto


def test_channel_arguments_reach_grpc(saved: Path):
    arguments = "grpc.max_receive_message_length=1000,grpc.unknown=x"
    with _serve(saved, grpc_channel_arguments=arguments) as server:
        client = Grpc(server.grpc_address)
        assert client.predict(Spec("half"), X)["y"] == 3.5
        with pytest.raises(Exception, match="larger than max"):
            client.predict(Spec("half"), {"x": np.zeros(1000, np.float32)})
        client.close()


def _cors(address: str, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    rest = Rest(address)
    rest.connection.request(method, path, b"{}" if method == "POST" else None, headers)
    response = rest.connection.getresponse()
    response.read()
    rest.close()
    found = {name.lower(): value for name, value in response.getheaders()}
    return response.status, {name: value for name, value in found.items() if name.startswith("access-")}


ALLOWED = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST, GET",
    "access-control-allow-headers": "Content-Type",
}


@pytest.mark.parametrize("enabled", [True, False])
def test_every_reply_lets_other_sites_in_if_and_only_if_asked_to(saved: Path, enabled: bool):
    page = {"Origin": "https://example.com"}
    with _serve(saved, rest_api_enable_cors_support=enabled) as server:
        for method, path, headers, status in (
            ("OPTIONS", "/v1/models/half:predict", page, 200),
            ("OPTIONS", "/v1/models/half:predict", {}, 400),
            ("GET", "/v1/models/half", page, 200),
            ("POST", "/v1/models/half:predict", page, 400),
            ("GET", "/elsewhere", page, 404),
        ):
            assert _cors(server.rest_address, method, path, headers) == (status, ALLOWED if enabled else {})

"""The servers to measure: this server, servers without a model (the upper bounds), and the peers.

Each peer has the settings that its documentation recommends for throughput on two cores. If it recommends no
number of processes, the faster of one and two is used.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).resolve().parents[1] / "peers"
TENSORFLOW_SERVING_PATH = "/v1/models/lenet5:predict"
# Turns off telemetry.
SILENT = {
    "BENTOML_DO_NOT_TRACK": "True",
    "RAY_USAGE_STATS_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}


class MissingError(Exception):
    """A server cannot be started; the text gives the reason."""


@dataclass(frozen=True)
class Places:
    """The folders of the exported version, the payloads and the peers' environments."""

    version: Path
    payloads: Path
    peers: Path

    @property
    def keras_file(self) -> Path:
        """The same network for `model.predict`; missing if `--model` names an existing version."""
        return self.payloads / "lenet5.keras"


@dataclass(frozen=True)
class Ports:
    """A server's ports on the loopback interface."""

    rest: int
    grpc: int
    metrics: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.rest}{path}"


def free_ports() -> Ports:
    """Returns free ports, so that no other program is measured by mistake."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(3)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return Ports(*(one.getsockname()[1] for one in sockets))


@dataclass(frozen=True)
class Contender:
    """A server to measure.

    Attributes:
        name: name for `--only` and the JSON file.
        label: label in the table.
        command: command with placeholders such as `{venv}` and `{peers}`, which `start_command` fills in.
        environment: environment variables with the same placeholders.
        rest: path of the URL, with `{images}` for the number of images per request; None without REST.
        body: file name of the payload.
        grpc: whether it supports TensorFlow Serving's Predict.
        venv: name of its environment and its requirements file; None for the current environment.
        fast_json: whether it uses this project's JSON decoding; None if it has no such choice.
    """

    name: str
    label: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    rest: str | None = "/predict"
    body: str = "{images}.json"
    grpc: bool = False
    venv: str | None = None
    fast_json: bool | None = None


def _peer(name: str, label: str, *command: str, venv: str = "", **settings) -> list[Contender]:
    """Returns a peer as its users write it, and with fast JSON decoding."""
    settings = {"environment": {}, "venv": venv or name, **settings}
    environment = settings.pop("environment")
    return [
        Contender(name, label, command, {**environment, "FAST": "0"}, fast_json=False, **settings),
        Contender(f"{name}-fast", label, command, {**environment, "FAST": "1"}, fast_json=True, **settings),
    ]


UVICORN = (
    "{venv}/bin/uvicorn",
    "serve_fastapi:app",
    "--app-dir={peers}",
    "--host=127.0.0.1",
    "--port={rest_port}",
    "--no-access-log",
    "--log-level=warning",
)

CONTENDERS = (
    Contender(
        "ours",
        "this server",
        (
            "{python_folder}/session5-model-server",
            "--port={grpc_port}",
            "--rest_api_port={rest_port}",
            "--model_name=lenet5",
            "--model_base_path={base}",
        ),
        rest=TENSORFLOW_SERVING_PATH,
        grpc=True,
    ),
    Contender("asgi", "uvicorn without a model", ("{python}", "{peers}/no_model_asgi.py"), rest="/{images}"),
    Contender(
        "grpc-aio",
        "`grpc.aio` without a model",
        ("{python}", "{peers}/no_model_grpc.py"),
        rest=None,
        grpc=True,
    ),
    Contender(
        "tensorflow-serving",
        "TensorFlow Serving",
        (
            "tensorflow_model_server",
            "--port={grpc_port}",
            "--rest_api_port={rest_port}",
            "--model_name=lenet5",
            "--model_base_path={base}",
        ),
        rest=TENSORFLOW_SERVING_PATH,
        grpc=True,
    ),
    *_peer("fastapi", "FastAPI, signature", *UVICORN),
    *_peer(
        "fastapi-2",
        "FastAPI, signature, two processes",
        *UVICORN,
        "--workers=2",
        venv="fastapi",
        environment={"ON_LOOP": "1"},
    ),
    *_peer(
        "fastapi-predict",
        "FastAPI, `model.predict`",
        *UVICORN,
        venv="fastapi",
        environment={"MODEL_CALL": "predict"},
    ),
    *_peer("litserve", "LitServe", "{venv}/bin/python", "{peers}/serve_litserve.py"),
    *_peer(
        "bentoml",
        "BentoML",
        "{venv}/bin/bentoml",
        "serve",
        "serve_bentoml:Lenet5",
        "--working-dir={peers}",
        "--host=127.0.0.1",
        "--port={rest_port}",
        environment={"BENTOML_HOME": "{folder}/bentoml"},
    ),
    *_peer(
        "mlserver",
        "MLServer",
        "{venv}/bin/mlserver",
        "start",
        "{folder}",
        rest="/v2/models/lenet5/infer",
        body="{images}.v2.json",
        environment={
            "PYTHONPATH": "{peers}",
            "MLSERVER_DEBUG": "false",
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": "{rest_port}",
            "MLSERVER_GRPC_PORT": "{grpc_port}",
            "MLSERVER_METRICS_PORT": "{metrics_port}",
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLSERVER_MODEL_NAME": "lenet5",
            "MLSERVER_MODEL_IMPLEMENTATION": "serve_mlserver.Lenet5",
            "MLSERVER_MODEL_MAX_BATCH_SIZE": "64",
            "MLSERVER_MODEL_MAX_BATCH_TIME": "0.0005",
        },
    ),
    *_peer(
        "ray",
        "Ray Serve, high throughput mode",
        "{venv}/bin/python",
        "{peers}/serve_ray.py",
        grpc=True,
        environment={
            "RAY_FOLDER": "{folder}",
            # Its documentation's "high throughput mode".
            "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
            "RAY_SERVE_ENABLE_HA_PROXY": "1",
            "WORKERS": "2",
        },
    ),
    Contender(
        "ray-default",
        "Ray Serve, own proxy (default)",
        ("{venv}/bin/python", "{peers}/serve_ray.py"),
        {"RAY_FOLDER": "{folder}", "WORKERS": "2", "FAST": "0"},
        grpc=True,
        venv="ray",
        fast_json=False,
    ),
)


def prepare(contender: Contender, places: Places, install: bool) -> None:
    """Makes a peer's environment if it is missing.

    Raises:
        MissingError: if the environment cannot be made, `install` is false, or a program is missing.
    """
    program = contender.command[0]
    if "{" not in program and not shutil.which(program):
        raise MissingError(f"`{program}` is not on the PATH")
    if contender.environment.get("MODEL_CALL") and not places.keras_file.exists():
        raise MissingError(f"there is no {places.keras_file.name} beside the payloads")
    if contender.venv is None or (places.peers / contender.venv / "ready").exists():
        return
    folder, requirements = places.peers / contender.venv, PEERS / f"requirements-{contender.venv}.txt"
    if not install:
        raise MissingError(f"no environment at {folder}, and --no-install was given")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        raise MissingError(f"pip could not install it: {done.stderr.strip().splitlines()[-1]}")
    (folder / "ready").touch()


def versions(contender: Contender, places: Places) -> dict[str, str]:
    """Returns the installed versions of a peer's requirements."""
    if contender.venv is None:
        return {}
    python = places.peers / contender.venv / "bin" / "python"
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=True
    )
    installed = {entry["name"].lower(): entry["version"] for entry in json.loads(listed.stdout)}
    lines = (PEERS / f"requirements-{contender.venv}.txt").read_text().split()
    names = [line.partition("[")[0].partition("=")[0].partition("<")[0].lower() for line in lines]
    return {name: installed[name] for name in [*names, "uvicorn"] if name in installed}


def start_command(
    contender: Contender, places: Places, ports: Ports, folder: Path
) -> tuple[list[str], dict[str, str]]:
    """Returns the command and the environment without placeholders; `folder` is the server's own."""
    known = {
        "venv": places.peers / (contender.venv or ""),
        "peers": PEERS,
        "folder": folder,
        "base": places.version.parent,
        "python": sys.executable,
        "python_folder": Path(sys.executable).parent,
        "rest_port": ports.rest,
        "grpc_port": ports.grpc,
        "metrics_port": ports.metrics,
    }
    environment = {name: value.format(**known) for name, value in contender.environment.items()}
    environment |= {"PORT": str(ports.rest), "GRPC_PORT": str(ports.grpc), "MODEL": str(places.version)}
    environment |= {"KERAS_MODEL": str(places.keras_file), "REPLIES": str(places.payloads / "replies")}
    return [part.format(**known) for part in contender.command], {**SILENT, **environment}

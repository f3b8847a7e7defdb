"""`session5 doctor`."""

import os
import platform
import shutil
import socket
from importlib import metadata

import typer

from keras_session5.cli.options import MODELS, RUNS, Json
from keras_session5.cli.output import print_json, print_table

_PACKAGES = (
    "keras-session5",
    "tensorflow",
    "keras",
    "tensorflow-datasets",
    "tensorflow-serving-api",
    "protobuf",
    "grpcio",
)


def register(app: typer.Typer) -> None:
    app.command("doctor", epilog="Example: session5 doctor --json")(doctor)


def doctor(json: Json = False) -> None:
    """Show what this machine offers: versions, devices, XLA, ports, folders."""
    from keras_session5.cli.output import progress

    with progress():
        facts = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
        facts |= {package: metadata.version(package) for package in _PACKAGES}
        facts |= _keras_facts() | _local_facts()
    if json:
        print_json(facts)
        return
    print_table("Doctor", ["what", "found"], [(key, str(value)) for key, value in facts.items()])


def _keras_facts() -> dict[str, str]:
    import keras

    from keras_session5.training import xla

    return {
        "backend": keras.backend.backend(),
        "device": xla.device(),
        "xla auto": "on" if xla.jit_compile("auto") else "off",
    }


def _local_facts() -> dict[str, str]:
    return {
        "cores": str(os.cpu_count()),
        "port 8500 (gRPC)": _port(8500),
        "port 8501 (REST)": _port(8501),
        "tensorflow_model_server": shutil.which("tensorflow_model_server") or "not on the PATH",
        "runs": str(RUNS) if RUNS.is_dir() else "none yet",
        "saved models": str(MODELS) if MODELS.is_dir() else "none yet",
    }


def _port(port: int) -> str:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return "something listens" if probe.connect_ex(("127.0.0.1", port)) == 0 else "free"

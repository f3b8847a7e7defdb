"""`session5 doctor`."""

import os
import platform
import shutil
import subprocess
import sys

from keras_session5.checking.machine import PORTS, check_machine, find_backend, find_version, is_taken
from keras_session5.cli.check import print_findings, to_dict
from keras_session5.cli.options import MODELS, RUNS, Json
from keras_session5.cli.output import print_json, print_table
from keras_session5.errors import Session5Error

_PACKAGES = (
    "keras-session5",
    "tensorflow",
    "keras",
    "tensorflow-datasets",
    "tensorflow-serving-api",
    "protobuf",
    "grpcio",
)

# TensorFlow alone imports in half of Keras's time, and `os._exit` avoids half a second of shutdown.
_TENSORFLOW = """
import os
from keras_session5.server.__main__ import hide_training

hide_training()
import tensorflow as tf

devices = [device.name.removeprefix("/physical_device:") for device in tf.config.list_physical_devices()]
print(" ".join(name for name in devices if not name.startswith("CPU")) or "CPU", flush=True)
os._exit(0)
"""
_KERAS = "from keras_session5.training import device; print(device.name())"


def doctor(json: Json = False) -> None:
    """Show this machine's versions, devices, XLA, ports and folders, and what does not fit."""
    facts = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    facts |= {package: find_version(package) or "not installed" for package in _PACKAGES}
    backend = find_backend()
    device, problem = _find_device(backend)
    xla = "off" if problem or device == "CPU" else "on"
    facts |= {"backend": backend, "device": device, "xla auto": xla, "cores": str(os.cpu_count())}
    for port, protocol in PORTS.items():
        facts[f"port {port} ({protocol})"] = "something listens" if is_taken(port) else "free"
    facts |= {
        "tensorflow_model_server": shutil.which("tensorflow_model_server") or "not on the PATH",
        "runs": str(RUNS) if RUNS.is_dir() else "none yet",
        "saved models": str(MODELS) if MODELS.is_dir() else "none yet",
    }
    findings = list(check_machine(backend, [] if problem else device.split()))
    if json:
        print_json(facts | {"findings": [to_dict(one) for one in findings]})
    else:
        print_table("Doctor", ["item", "value"], [(key, str(value)) for key, value in facts.items()])
        print_findings(findings)
    if problem:
        raise Session5Error(f"{backend} does not start: {problem}")


def _find_device(backend: str) -> tuple[str, str | None]:
    """Returns the device that trains, or "none" and the reason.

    A child process finds it, because a library that was built for another processor aborts its process.
    """
    program = _TENSORFLOW if backend == "tensorflow" else _KERAS
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if found.returncode == 0:
        return found.stdout.splitlines()[-1], None
    lines = found.stderr.strip().splitlines() or [f"it ended with status {found.returncode}"]
    return "none", lines[-1]

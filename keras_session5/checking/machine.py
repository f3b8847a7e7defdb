"""Checks of this machine: its GPUs, XLA, versions of packages, settings, memory, disk and ports."""

import ctypes.util
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from json import loads as load_json
from pathlib import Path

from keras_session5.checking.finding import ERROR, NOTE, WARNING, Finding

PORTS = {8500: "gRPC", 8501: "REST"}
_MEMORY_BYTES = 4 * 2**30  # a training of the tour, beside a server
_DISK_BYTES = 3 * 10**9  # the installation, the data sets and the runs of a tour
_DRIVERS = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"), Path("/dev/dxg"))  # the last: WSL
_PACKAGES = (
    "keras-session5",
    "tensorflow",
    "keras",
    "tensorboard",
    "tensorflow-serving-api",
    "grpcio-health-checking",
    "grpcio-reflection",
)
# A network of two layers; a device that XLA cannot compile for raises an error.
_COMPILE_WITH_TENSORFLOW = """
import os
import tensorflow as tf

@tf.function(jit_compile=True)
def predict(x, w, v):
    return tf.nn.softmax(tf.nn.relu(x @ w) @ v)

for device in tf.config.list_logical_devices():
    try:
        with tf.device(device.name):
            predict(tf.ones([8, 16]), tf.ones([16, 32]), tf.ones([32, 4])).numpy()
        problem = ""
    except Exception as error:
        problem = str(error).strip().splitlines()[0]
    print(device.name.removeprefix("/device:"), problem, sep="\\t", flush=True)
os._exit(0)
"""
_COMPILE_WITH_JAX = """
import jax

@jax.jit
def predict(x, w, v):
    return jax.nn.softmax(jax.nn.relu(x @ w) @ v)

for device in jax.devices():
    try:
        with jax.default_device(device):
            one = jax.numpy.ones
            predict(one([8, 16]), one([16, 32]), one([32, 4])).block_until_ready()
        problem = ""
    except Exception as error:
        problem = str(error).strip().splitlines()[0]
    print(f"{device.platform.upper()}:{device.id}", problem, sep="\\t", flush=True)
"""


def check_machine(backend: str, devices: list[str]) -> Iterator[Finding]:
    """Checks everything except XLA, which takes seconds.

    Args:
        backend: Keras's backend.
        devices: those that it sees, such as `["CPU"]` or `["GPU:0"]`; empty if it does not start.
    """
    if devices:
        yield from _check_gpu(backend, devices)
    yield from check_packages()
    yield from _check_settings(os.environ)
    yield from _check_room()
    for port, protocol in PORTS.items():
        if is_taken(port):
            yield Finding(
                NOTE,
                f"port {port}",
                f"something listens on the port for {protocol}",
                "Another server cannot use it.",
                "session5 serve --port 0 --rest-port 0 takes free ones; session5 models asks a server",
            )


def find_backend() -> str:
    """Returns the backend that Keras would choose, without the seconds that its import takes."""
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    try:
        return load_json((home / "keras.json").read_text("utf-8")).get("backend", "tensorflow")
    except (OSError, ValueError):
        return "tensorflow"


def is_taken(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def compile_with_xla(backend: str) -> tuple[list[str], list[Finding]]:
    """Compiles a small network on each device, in another process; returns the devices and what failed."""
    program = _COMPILE_WITH_JAX if backend == "jax" else _COMPILE_WITH_TENSORFLOW
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    lines = [line.split("\t", 1) for line in child.stdout.splitlines() if "\t" in line]
    findings = [_explain_xla(device, problem) for device, problem in lines if problem]
    if child.returncode:
        errors = child.stderr.strip().splitlines() or [f"it ended with status {child.returncode}"]
        findings.append(_explain_crash(backend, [device for device, _ in lines], errors[-1]))
    return [device for device, _ in lines], findings


def _explain_xla(device: str, problem: str) -> Finding:
    return Finding(
        ERROR if device.startswith("GPU") else WARNING,
        device,
        f"XLA cannot compile a small network: {problem}",
        "Training falls back to the slower program without XLA; a model with jit_compile does not run.",
        "pip install 'keras-session5[gpu]', which brings ptxas and libdevice; or train with --xla off"
        if device.startswith("GPU")
        else "Train with --xla off",
    )


def _explain_crash(backend: str, devices: list[str], reason: str) -> Finding:
    after = f" after {', '.join(devices)}" if devices else ""
    return Finding(
        ERROR,
        backend,
        f"does not start, or ends the process{after}: {reason}",
        "Nothing can be trained, exported or served.",
        f"pip install --force-reinstall {backend}, for this machine's processor and Python",
    )


def _check_gpu(backend: str, devices: list[str]) -> Iterator[Finding]:
    """Finds why the backend sees no GPU."""
    if any(not device.startswith("CPU") for device in devices):
        return
    severity, reason, mend = WARNING, "", "pip install 'keras-session5[gpu]'"
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not any(path.exists() for path in _DRIVERS):
        severity, reason = NOTE, "this machine has no NVIDIA driver"
        mend = "Nothing without a GPU. With one: install NVIDIA's driver, until nvidia-smi shows the GPU"
    elif hidden is not None and not hidden.replace(",", "").strip().isalnum():
        severity, reason = NOTE, f"CUDA_VISIBLE_DEVICES={hidden} hides all"
        mend = "unset CUDA_VISIBLE_DEVICES"
    elif backend == "jax":
        reason, mend = "JAX is installed without CUDA", "pip install 'jax[cuda12]'"
    elif _is_built_without_cuda():
        reason, mend = "TensorFlow is built without CUDA", f"pip uninstall tensorflow-cpu && {mend}"
    elif missing := [name for name in ("cudart", "cudnn") if not _has_library(name)]:
        reason = f"the driver is there, but not the libraries {', '.join(f'lib{name}' for name in missing)}"
    else:
        reason = "the driver and the libraries are there; the driver may be too old for them"
        mend = "Compare the CUDA version that nvidia-smi shows with TensorFlow's, and update the driver"
    yield Finding(severity, "GPU", f"{backend} sees none: {reason}", "Networks train on the CPU.", mend)


def _is_built_without_cuda() -> bool:
    """Reads TensorFlow's record of its build, without the seconds that its import takes."""
    found = importlib.util.find_spec("tensorflow")
    folders = list(found.submodule_search_locations or ()) if found else []
    files = [Path(folder, "python", "platform", "build_info.py") for folder in folders]
    return any(file.is_file() and "'is_cuda_build', False" in file.read_text("utf-8") for file in files)


def _has_library(name: str) -> bool:
    """Whether a library of CUDA is installed, by pip or by the system."""
    packages = {"cudart": "nvidia-cuda-runtime-cu12", "cudnn": "nvidia-cudnn-cu12"}
    return find_version(packages[name]) is not None or ctypes.util.find_library(name) is not None


def check_packages() -> Iterator[Finding]:
    """Finds installed packages that do not fit each other."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    tensorboard, setuptools = find_version("tensorboard"), find_version("setuptools")
    if (
        tensorboard
        and setuptools
        and Version(tensorboard) < Version("2.21")
        and Version(setuptools).major >= 82
    ):
        yield Finding(
            ERROR,
            "packages",
            f"tensorboard {tensorboard} does not start with setuptools {setuptools}",
            "It imports pkg_resources, which setuptools 82 no longer contains; session5 dashboard fails.",
            "pip install 'tensorboard>=2.21', or 'setuptools<82'",
        )
    for package in _PACKAGES:
        if find_version(package) is None:
            continue
        for text in metadata.requires(package) or ():
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            found = find_version(requirement.name)
            if found is None or not requirement.specifier.contains(found, prereleases=True):
                yield Finding(
                    ERROR,
                    "packages",
                    f"{package} {find_version(package)} needs {requirement.name}{requirement.specifier}; "
                    f"installed: {found or 'none'}",
                    "Imports may fail, or calls at run time.",
                    f"pip install '{requirement.name}{requirement.specifier}'",
                )


def find_version(package: str) -> str | None:
    """Returns the installed version of a package; None if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _check_settings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Finds determinism that XLA does not keep."""
    deterministic = environment.get("TF_DETERMINISTIC_OPS", "").lower() in ("1", "true")
    xla = "--tf_xla_auto_jit" in environment.get("TF_XLA_FLAGS", "").replace("--tf_xla_auto_jit=0", "")
    if deterministic and xla and "deterministic_ops" not in environment.get("XLA_FLAGS", ""):
        yield Finding(
            WARNING,
            "environment",
            "TF_DETERMINISTIC_OPS is on together with XLA (TF_XLA_FLAGS)",
            "The variable controls TensorFlow's kernels. XLA's programs for GPUs ignore it, and a repeated "
            "training may end with other weights.",
            "unset TF_XLA_FLAGS, or export XLA_FLAGS=--xla_gpu_exclude_nondeterministic_ops=true",
        )


def _check_room() -> Iterator[Finding]:
    import psutil

    if (free := psutil.virtual_memory().available) < _MEMORY_BYTES:
        yield Finding(
            WARNING,
            "memory",
            f"{free / 2**30:.1f} GiB are free",
            "Training needs up to 4 GiB; the system ends processes when memory is used up.",
            "Close other programs, or train with --set batch_size=16",
        )
    if (free := shutil.disk_usage(".").free) < _DISK_BYTES:
        yield Finding(
            WARNING,
            "disk",
            f"{free / 1e9:.1f} GB are free in this folder",
            "Runs, exported models and data sets of a tour need up to 3 GB.",
            "Remove old runs: du -sh runs/*/*, rm -r runs/NAME/TIME",
        )

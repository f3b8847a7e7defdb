"""What is wrong with this machine."""

import importlib.metadata
import socket
from types import SimpleNamespace

import psutil
import pytest

from keras_session5.checking import machine


@pytest.fixture
def versions(monkeypatch):
    """Sets the versions of packages: those of the others stay."""
    real, changed = importlib.metadata.version, {}
    monkeypatch.setattr(machine.metadata, "version", lambda name: changed.get(name) or real(name))
    return changed


def whats(findings):
    return [one.what for one in findings]


def test_the_packages_of_these_tests_fit_each_other():
    assert list(machine.check_packages()) == []


def test_tensorboard_before_2_21_with_setuptools_82(versions):
    versions |= {"tensorboard": "2.20.0", "setuptools": "82.0.1"}
    assert "tensorboard 2.20.0 does not start with setuptools 82.0.1" in whats(machine.check_packages())
    versions["setuptools"] = "81.0.0"
    assert not any("does not start" in what for what in whats(machine.check_packages()))


def test_a_protobuf_that_grpc_does_not_fit(versions):
    versions["protobuf"] = "6.31.1"
    found = [one for one in machine.check_packages() if one.what.startswith("grpcio-health-checking")]
    assert found[0].severity == "error"
    assert "needs protobuf" in found[0].what
    assert found[0].what.endswith("installed: 6.31.1")
    assert found[0].mend.startswith("pip install 'protobuf")


def test_determinism_together_with_xla():
    both = {"TF_DETERMINISTIC_OPS": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2"}
    assert len(list(machine._check_settings(both))) == 1
    xla = {"XLA_FLAGS": "--xla_gpu_exclude_nondeterministic_ops=true"}
    for fine in ({}, {"TF_DETERMINISTIC_OPS": "1"}, {"TF_XLA_FLAGS": "--tf_xla_auto_jit=2"}, both | xla):
        assert list(machine._check_settings(fine)) == []
    assert list(machine._check_settings(both | {"TF_XLA_FLAGS": "--tf_xla_auto_jit=0"})) == []


def test_little_memory_and_disk(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**30))
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**9))
    assert whats(machine._check_room()) == ["1.0 GiB are free", "1.0 GB are free in this folder"]
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=5 * 2**30))
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=4 * 10**9))
    assert whats(machine._check_room()) == []


def test_a_port_that_is_taken(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(machine, "PORTS", {server.getsockname()[1]: "REST"})
        found = [one for one in machine.check_machine("tensorflow", []) if one.where.startswith("port")]
    assert [one.severity for one in found] == ["note"]
    assert not [one for one in machine.check_machine("tensorflow", []) if one.where.startswith("port")]


@pytest.mark.parametrize(
    ("driver", "hidden", "without_cuda", "libraries", "severity", "what"),
    [
        (False, None, False, True, "note", "this machine has no NVIDIA driver"),
        (True, "-1", False, True, "note", "CUDA_VISIBLE_DEVICES=-1 hides all"),
        (True, "", False, True, "note", "CUDA_VISIBLE_DEVICES= hides all"),
        (True, "0,1", True, True, "warning", "TensorFlow is built without CUDA"),
        (True, None, True, True, "warning", "TensorFlow is built without CUDA"),
        (True, None, False, False, "warning", "not the libraries libcudart, libcudnn"),
        (True, None, False, True, "warning", "the driver may be too old"),
    ],
)  # fmt: skip
def test_why_no_gpu_is_seen(driver, hidden, without_cuda, libraries, severity, what, monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "_DRIVERS", [tmp_path if driver else tmp_path / "none"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if hidden is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
    monkeypatch.setattr(machine, "_is_built_without_cuda", lambda: without_cuda)
    monkeypatch.setattr(machine, "_has_library", lambda name: libraries)
    (one,) = machine._check_gpu("tensorflow", ["CPU"])
    assert one.severity == severity
    assert what in one.what
    assert list(machine._check_gpu("tensorflow", ["GPU:0"])) == []


def test_the_build_of_tensorflow_is_read_without_importing_it(monkeypatch, tmp_path):
    assert machine._is_built_without_cuda() is False  # the wheel for Linux
    file = tmp_path / "tensorflow" / "python" / "platform" / "build_info.py"
    file.parent.mkdir(parents=True)
    file.write_text("build_info = OrderedDict([('is_cuda_build', False)])")
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path / "tensorflow")])
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: found)
    assert machine._is_built_without_cuda() is True


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=pytest.mark.jax)])
def test_xla_really_compiles(backend):
    devices, findings = machine.compile_with_xla(backend)
    assert [device.split(":")[0] for device in devices] == ["CPU"]
    assert findings == []


def test_a_device_that_xla_cannot_compile_for(monkeypatch):
    program = "print('CPU:0\\t'); print('GPU:0\\tlibdevice not found')"
    monkeypatch.setattr(machine, "_COMPILE_WITH_TENSORFLOW", program)
    devices, (one,) = machine.compile_with_xla("tensorflow")
    assert devices == ["CPU:0", "GPU:0"]
    assert (one.severity, one.where) == ("error", "GPU:0")
    assert one.what.endswith("libdevice not found")


def test_a_backend_that_does_not_start(monkeypatch):
    monkeypatch.setattr(machine, "_COMPILE_WITH_TENSORFLOW", "raise ImportError('no AVX')")
    devices, (one,) = machine.compile_with_xla("tensorflow")
    assert devices == []
    assert one.what.endswith("ImportError: no AVX")

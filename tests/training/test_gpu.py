"""A GPU trains by the compiled program, with the losses of the CPU."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

TRAIN = """
import sys
import keras_session5 as s5
s5.train(sys.argv[1], runs_dir=sys.argv[2], epochs=2, examples=256, xla="on", verbose=0, dashboard=False)
"""
# TensorFloat-32 keeps ten bits of a float32's 23.
EXACT = {"NVIDIA_TF32_OVERRIDE": "0", "JAX_DEFAULT_MATMUL_PRECISION": "highest"}


def train(name, backend, device, runs_dir):
    """The record of a short run in a process that sees every GPU, which the tests' own does not, or none."""
    environment = os.environ | EXACT | {"KERAS_BACKEND": backend}
    if device == "GPU":
        del environment["CUDA_VISIBLE_DEVICES"]
    command = [sys.executable, "-c", TRAIN, name, str(runs_dir)]
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    (record,) = runs_dir.rglob("run.json")
    return json.loads(record.read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "backend", "device"),
    [
        pytest.param("mlp_xor", "jax", "CPU", marks=pytest.mark.recipe),  # tries the test itself
        *(
            pytest.param(name, backend, "GPU", marks=pytest.mark.gpu)
            for name in ("lenet5", "simple_rnn_waves")
            for backend in ("tensorflow", "jax")
        ),
    ],
)
def test_a_device_trains_by_the_compiled_program_with_the_losses_of_the_cpu(name, backend, device, tmp_path):
    if not find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    expected = train(name, backend, "CPU", tmp_path / "expected")
    record = train(name, backend, device, tmp_path / "run")
    assert expected["device"] == "CPU"
    assert record["device"].startswith(device)
    assert record["program"]["compiler"] == "XLA"
    losses = [[epoch["loss"] for epoch in run["history"]] for run in (record, expected)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-3)

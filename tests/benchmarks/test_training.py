"""The measurements of training on a GPU can be tried without one."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "training.py"


def measure(*arguments):
    command = [sys.executable, str(SCRIPT), "mlp", "--device", "gpu", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.recipe
def test_a_small_measurement_reads_prepared_data_and_writes_its_table(tmp_path):
    pytest.importorskip("jax")
    rng, splits = np.random.default_rng(0), ("train", "test")
    images = {f"{name}_inputs": rng.integers(0, 256, (600, 28, 28, 1), np.uint8) for name in splits}
    labels = {f"{name}_labels": rng.integers(0, 10, 600, np.int32) for name in splits}
    np.savez(tmp_path / "fashion_mnist.npz", **images, **labels)

    refused = measure("--data-dir", str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr.startswith("--device gpu needs a GPU that JAX can use. Found: cpu")

    report = tmp_path / "report.md"
    found = measure(
        "--small", "--repeat", "1", "--way", "ours on JAX", "--data-dir", str(tmp_path), "--out", str(report)
    )
    assert found.returncode == 0, found.stderr
    text = report.read_text()
    assert text == found.stdout
    for batch in (16, 32):
        row = rf"^\| `mlp`, {batch} \| ours on JAX \| [\d,]+ \([\d,]+ to [\d,]+\) \| [\d.]+ \| .* 109,386 \|$"
        assert re.search(row, text, re.MULTILINE), found.stderr

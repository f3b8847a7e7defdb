"""The measurement of generation generates the same tokens on both sides."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from published import write_gpt2

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "generation.py"


@pytest.mark.oracle
def test_a_small_network_is_measured_beside_transformers(tmp_path):
    folder = write_gpt2(tmp_path, bos_token_id=23)
    command = [sys.executable, SCRIPT, "--folder", folder, "--tokens", "4", "--repeat", "1"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (
        len(re.findall(r"^\| (?:ours|transformers) \(.*\) \| [18] \| [\d.]+ \| [\d.]+ \|$", told, re.M)) == 4
    )
    assert re.findall(r"equal tokens: (\S+)", told) == ["1.0000", "1.0000"]

"""The REST API against its description, with unexpected bodies."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DESCRIPTION = Path(__file__).parents[2] / "serving/openapi.yaml"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.parametrize(
    "cases",
    [20, pytest.param(500, marks=[pytest.mark.stress, pytest.mark.timeout(1800)])],
)
def test_no_request_is_a_server_error(server, tmp_path: Path, cases: int):
    """Eleven operations, so 5,500 cases in the long run."""
    description = yaml.safe_load(DESCRIPTION.read_text("utf-8"))
    # Models that exist, so that what is sent gets past the look-up.
    description["components"]["parameters"]["model"]["schema"]["enum"] = ["half", "pair", "kinds", "none"]
    description["components"]["parameters"]["version"]["schema"]["enum"] = [1, 2, 7, 3]
    description["components"]["parameters"]["label"]["schema"]["enum"] = ["stable", "none"]
    path = tmp_path / "openapi.yaml"
    path.write_text(yaml.safe_dump(description), "utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(path), "--url", server.rest_address]
    command += ["--checks", CHECKS, "--max-examples", str(cases), "--phases", "fuzzing", "--seed", "1"]
    done = subprocess.run([*command, "--no-color"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]

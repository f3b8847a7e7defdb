"""What the wheel installs: every file of the package, with which the guide runs outside the repository."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder of an unpacked wheel, built from a copy: setuptools writes into what it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "keras_session5", folder / "source" / "keras_session5", ignore=without_caches)
    for name in SOURCES:
        shutil.copy(ROOT / name, folder / "source")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, folder / "source"]
    built = subprocess.run(command, capture_output=True, text=True, timeout=600)
    # pip installs the build's own setuptools, which is newer than the one of a virtual environment.
    if "No matching distribution found for setuptools" in built.stderr:
        pytest.skip("pip finds no setuptools to build with")
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(folder / f"keras_session5-{VERSION}-py3-none-any.whl") as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


def list_files(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix() for path in files}


def test_every_file_of_the_package_is_in_the_wheel(unpacked):
    found = list_files(unpacked / "keras_session5")
    assert found == list_files(ROOT / "keras_session5")
    assert {
        "py.typed",
        "__init__.pyi",
        "checking/operations.txt",
        "client/protos.binpb",
        "comparison/fashion_mnist_curves.json",
    } <= found
    (about,) = unpacked.glob("*.dist-info")
    assert about.name == f"keras_session5-{VERSION}.dist-info"
    assert "session5 = keras_session5.cli:main" in (about / "entry_points.txt").read_text()
    assert (about / "licenses" / "LICENSE").is_file()


def test_the_guide_runs_from_the_wheel_in_an_empty_folder(unpacked, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-P", ROOT / "tests" / "guide.py"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == f"{unpacked / 'keras_session5' / '__init__.py'} {VERSION}"

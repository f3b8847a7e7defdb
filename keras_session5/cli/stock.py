"""Stock TensorFlow Serving with our configuration."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import typer

from keras_session5.cli.child import run_child
from keras_session5.errors import Session5Error

BINARY = "tensorflow_model_server"


def run(source: Path | Mapping[str, str], models: Path, port: int, rest_port: int) -> int:
    """Runs `tensorflow_model_server` until it ends or a signal ends it; returns the exit status.

    Raises:
        Session5Error: if the binary is not on the PATH.
    """
    binary = shutil.which(BINARY)
    if binary is None:
        raise Session5Error(
            f"{BINARY} is not on the PATH. On x86-64 Linux, TensorFlow's package repository for Debian and "
            "Ubuntu provides it as `tensorflow-model-server`; with Docker, `docker compose -f "
            "serving/compose.yaml up` runs the official image with the same files. Omit "
            "--engine to run this package's own server."
        )
    typer.echo(
        f"Note: {BINARY} listens on every address of this machine; it has no option to change that.", err=True
    )
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "models.config"
        config.write_text(render(source, models), "utf-8")
        command = [binary, f"--port={port}", f"--rest_api_port={rest_port}", f"--model_config_file={config}"]
        return run_child(command)


def render(source: Path | Mapping[str, str], models: Path) -> str:
    """Returns a configuration with the paths of this machine.

    In a configuration file, `models` replaces `/models` at the start of a base path, the folder of the
    official image. A dict of base paths is written in the file's format.
    """
    if isinstance(source, Path):
        root = str(models.absolute()).replace("\\", "\\\\")
        return re.sub(r'(base_path:\s*")/models(?=[/"])', rf"\g<1>{root}", source.read_text("utf-8"))
    entries = "".join(
        f'  config {{ name: "{name}" base_path: "{Path(path).absolute()}" model_platform: "tensorflow" }}\n'
        for name, path in source.items()
    )
    return f"model_config_list {{\n{entries}}}\n"

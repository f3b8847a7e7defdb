"""`session5-model-server` as a program."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from keras_session5.errors import ArgumentError, InvalidArgumentError
from keras_session5.server.__main__ import main
from keras_session5.server.flags import FLAGS, parse_flags

from .asking import Grpc, Rest, Spec


@pytest.fixture(autouse=True)
def _keep_signal_handlers() -> Iterator[None]:
    """`main` sets them for the whole process."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_flags_take_values_and_bare_booleans():
    values, ignored = parse_flags(
        ["--port=1", "--enable_model_warmup=false", "--version", "--enable_profiler", "--model_name=a=b"]
    )
    assert (values["port"], values["enable_model_warmup"], values["version"]) == (1, False, True)
    assert (values["model_name"], values["max_num_load_retries"]) == ("a=b", 5)
    assert ignored == ["enable_profiler"]


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("--rest_api_prot=1", "unknown argument: --rest_api_prot=1. Did you mean --rest_api_port?"),
        ("port", "unknown argument: port."),
        ("--port", "--port needs a value. Example: --port=8500"),
        ("--port=many", "--port must be a number. Received: --port=many"),
        ("--version=maybe", "--version must be true or false. Received: --version=maybe"),
    ],
)
def test_a_wrong_flag_is_a_usage_error(argument: str, text: str, capsys: pytest.CaptureFixture):
    with pytest.raises(ArgumentError):
        parse_flags([argument])
    assert main([argument]) == 2
    assert text in capsys.readouterr().err


def test_help_lists_every_flag_and_version_names_the_package(capsys: pytest.CaptureFixture):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"--{flag.name}=" in printed for flag in FLAGS)
    assert main(["--version"]) == 0
    assert "keras-session5" in capsys.readouterr().out


def test_help_and_the_package_itself_do_not_import_tensorflow():
    code = (
        "import sys, keras_session5.server, keras_session5.server.__main__ as m; m.main(['--help']);"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            [],
            "INVALID_ARGUMENT: Both server_options.model_base_path and server_options.model_config_file are"
            " empty!",
        ),
        (
            ["--port=0", "--model_base_path=/m"],
            "INVALID_ARGUMENT: At least one of server_options.grpc_port or server_options.grpc_socket_path"
            " must be set.",
        ),
        (["--model_config_file=/none"], "NOT_FOUND: /none; No such file or directory"),
        (
            ["--model_base_path=/m", "--batching_parameters_file=/none"],
            "INVALID_ARGUMENT: server_options.batching_parameters_file is set without setting"
            " server_options.enable_batching to true.",
        ),
        (
            ["--model_base_path=/m", "--ssl_config_file=/none"],
            "NOT_FOUND: /none; No such file or directory",
        ),
    ],
)
def test_a_start_that_cannot_be_is_said_as_upstream_says_it(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture
):
    assert main(arguments) == 255
    assert capsys.readouterr().out == f"Failed to start server. Error: {text}\n"


def test_a_configuration_that_does_not_parse_is_explained_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture
):
    path = tmp_path / "models.config"
    path.write_text("model_config_list {\n  confg {} }")
    assert main([f"--model_config_file={path}"]) == 255
    printed = capsys.readouterr()
    assert (
        printed.out == f"Failed to start server. Error: INVALID_ARGUMENT: Invalid protobuf file: '{path}'\n"
    )
    assert printed.err.startswith(
        "Error parsing text-format tensorflow.serving.ModelServerConfig: 2:3: Message type"
    )


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts the program; what still runs in the end is killed."""
    processes = []

    def start_(*arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "keras_session5.server", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        processes.append(process)
        return process

    yield start_
    for process in processes:
        process.kill()
        process.communicate()


def _ports(process: subprocess.Popen) -> tuple[str, str]:
    """Reads the log until both transports are announced."""
    grpc_port = rest_port = ""
    while not (grpc_port and rest_port):
        line = process.stderr.readline() if process.stderr else ""
        assert line, "the server ended"
        if found := re.search(r"Running gRPC ModelServer at 127\.0\.0\.1:(\d+) \.\.\.$", line):
            grpc_port = found[1]
        if found := re.search(r"Exporting HTTP/REST API at:localhost:(\d+) \.\.\.$", line):
            rest_port = found[1]
    return grpc_port, rest_port


def _free_ports() -> tuple[int, int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _wait_for(rest: Rest, spec: Spec, states: list[tuple[int, str]]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            if rest.states(spec) == states:
                return
        except Exception:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_serves_what_is_good_rereads_its_configuration_and_stops_on_sigterm(
    start, saved: Path, tmp_path: Path
):
    root = tmp_path / "models"
    shutil.copytree(saved / "half", root / "half")
    config = tmp_path / "models.config"
    entry = 'config {{ name: "{0}" base_path: "/models/{0}" model_platform: "tensorflow" }}'
    config.write_text(f"model_config_list {{ {entry.format('half')} {entry.format('absent')} }}")
    port, rest_port = _free_ports()
    process = start(
        f"--port={port}",
        f"--rest_api_port={rest_port}",
        f"--model_config_file={config}",
        f"--models_root={root}",
        "--model_config_file_poll_wait_seconds=1",
    )
    assert _ports(process) == (str(port), str(rest_port))
    rest = Rest(f"http://127.0.0.1:{rest_port}")
    _wait_for(rest, Spec("half"), [(2, "AVAILABLE")])
    config.write_text("not a configuration")
    shutil.copytree(saved / "pair", root / "pair")
    while "Failed to read ModelServerConfig file: Invalid protobuf file" not in (
        line := process.stderr.readline()
    ):
        assert line, "the server ended"
    config.write_text(f"model_config_list {{ {entry.format('half')} {entry.format('pair')} }}")
    _wait_for(rest, Spec("pair"), [(7, "AVAILABLE")])
    rest.close()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in log


def test_ctrl_c_stops_it_cleanly(start, saved: Path):
    port, rest_port = _free_ports()
    process = start(f"--port={port}", f"--rest_api_port={rest_port}", f"--model_base_path={saved / 'half'}")
    _ports(process)
    rest = Rest(f"http://127.0.0.1:{rest_port}")
    _wait_for(rest, Spec("default"), [(2, "AVAILABLE")])
    rest.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def test_sigterm_during_the_start_stops_it_cleanly(start, saved: Path):
    process = start(f"--model_base_path={saved / 'half'}", "--port=1", "--enable_profiler")
    assert "--enable_profiler has no effect" in process.stderr.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in log) == (0, False)


def test_the_files_that_flags_name_drive_it_and_a_killed_servers_socket_is_taken_over(
    start, saved: Path, tmp_path: Path
):
    path, batching = tmp_path / "socket", tmp_path / "batching.config"
    batching.write_text("max_batch_size { value: 4 } batch_timeout_micros { value: 0 }")
    arguments = [
        "--port=0",
        f"--grpc_socket_path={path}",
        f"--model_base_path={saved / 'half'}",
        "--enable_batching",
        f"--batching_parameters_file={batching}",
        "--enable_per_model_batching_parameters=true",
    ]
    for _ in range(2):
        process = start(*arguments)
        lines = iter(process.stderr.readline, "")
        assert any(f"Running gRPC ModelServer at UNIX socket {path} ..." in line for line in lines)
        client = Grpc(f"unix:{path}")
        assert client.predict(Spec("default"), {"x": np.zeros(4, np.float32)})["y"].tolist() == [3.0] * 4
        with pytest.raises(InvalidArgumentError, match="Task size 5 is larger"):
            client.predict(Spec("default"), {"x": np.zeros(5, np.float32)})
        client.close()
        process.kill()
        process.wait()
        assert path.exists()

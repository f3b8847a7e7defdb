"""The command line: every flag of upstream, and what it becomes."""

import os
from pathlib import Path
from typing import Any

import pytest

from keras_session5.errors import ArgumentError, InvalidArgumentError, ServingError
from keras_session5.server.__main__ import read_settings
from keras_session5.server.batching_parameters import BatchingParameters
from keras_session5.server.flags import FLAGS, IGNORED, parse_flags
from keras_session5.server.settings import Settings

CPUS = os.cpu_count() or 1
# Section 9 of the specification, but for the default that is ours: health checks are on.
UPSTREAM: dict[str, Any] = {
    "port": 8500,
    "grpc_socket_path": "",
    "rest_api_port": 0,
    "rest_api_num_threads": 4 * CPUS,
    "rest_api_timeout_in_ms": 30000,
    "rest_api_enable_cors_support": False,
    "model_name": "default",
    "model_base_path": "",
    "model_config_file": "",
    "model_config_file_poll_wait_seconds": 0,
    "file_system_poll_wait_seconds": 1,
    "max_num_load_retries": 5,
    "load_retry_interval_micros": 60000000,
    "num_load_threads": 0,
    "num_unload_threads": 0,
    "enable_batching": False,
    "batching_parameters_file": "",
    "allow_version_labels_for_unavailable_models": False,
    "monitoring_config_file": "",
    "ssl_config_file": "",
    "grpc_max_threads": 4 * CPUS,
    "grpc_channel_arguments": "",
    "enable_model_warmup": True,
    "num_request_iterations_for_warmup": 0,
    "saved_model_tags": "serve",
    "enable_grpc_healthcheck_service": True,
    "enable_serialization_as_tensor_content": False,
    "enable_signature_method_name_check": False,
    "tensorflow_session_parallelism": 0,
    "tensorflow_intra_op_parallelism": 0,
    "tensorflow_inter_op_parallelism": 0,
    "prefer_tflite_model": False,
    "version": False,
}
UPSTREAM_IGNORED = [
    "flush_filesystem_caches",
    "tensorflow_session_config_file",
    "use_alts_credentials",
    "platform_config_file",
    "per_process_gpu_memory_fraction",
    "remove_unused_fields_from_bundle_metagraph",
    "num_tflite_pools",
    "num_tflite_interpreters_per_pool",
    "xla_cpu_compilation_enabled",
    "xla_gpu_compilation_enabled",
    "enable_profiler",
    "thread_pool_factory_config_file",
    "mixed_precision",
    "skip_initialize_tpu",
    "enable_per_model_batching_parameters",
]


def _settings(*arguments: str) -> Settings:
    return read_settings(parse_flags(arguments)[0])


def test_every_flag_of_upstream_is_there_with_its_default():
    values, _ = parse_flags([])
    assert {name: values[name] for name in UPSTREAM} == UPSTREAM
    assert set(IGNORED) == set(UPSTREAM_IGNORED)
    ours = {flag.name for flag in FLAGS} - UPSTREAM.keys()
    assert ours == {
        *("host", "help", "models_root", "rest_api_ssl_config_file", "shutdown_grace_seconds"),
        *("rest_api_max_body_bytes", "rest_api_max_connections"),
        *("rest_api_header_timeout_in_ms", "rest_api_idle_timeout_in_ms"),
    }


@pytest.mark.parametrize("name", UPSTREAM)
def test_every_flag_takes_a_value_of_its_type(name: str):
    default = UPSTREAM[name]
    if isinstance(default, bool):
        assert parse_flags([f"--{name}"])[0][name] is True
        for text, value in {"true": True, "1": True, "false": False, "0": False, "True": True}.items():
            assert parse_flags([f"--{name}={text}"])[0][name] is value
        wrong = "maybe"
    elif isinstance(default, int):
        assert parse_flags([f"--{name}=7"])[0][name] == 7
        wrong = "seven"
    else:
        assert parse_flags([f"--{name}=a=b,c"])[0][name] == "a=b,c"
        wrong = None
    with pytest.raises(ArgumentError):
        parse_flags([f"--{name}={wrong}"] if wrong else [f"--{name}"])


def test_ignored_flags_are_reported_once_whatever_their_value():
    arguments = [f"--{name}{value}" for name in UPSTREAM_IGNORED for value in ("", "=x")]
    assert parse_flags(arguments)[1] == UPSTREAM_IGNORED


@pytest.mark.parametrize(
    ("unknown", "meant"),
    [("enable_batchin", "enable_batching"), ("flush_filesystem_cache", "flush_filesystem_caches")],
)
def test_an_unknown_flag_is_answered_with_the_nearest(unknown: str, meant: str):
    with pytest.raises(ArgumentError, match=f"Did you mean --{meant}"):
        parse_flags([f"--{unknown}=1"])


def test_flags_become_settings():
    settings = _settings(
        "--port=0",
        "--grpc_socket_path=/tmp/s",
        "--rest_api_port=8501",
        "--grpc_channel_arguments=grpc.max_connection_age_ms=2000,grpc.primary_user_agent=me",
        "--tensorflow_session_parallelism=3",
        "--num_load_threads=5",
        "--prefer_tflite_model",
        "--enable_signature_method_name_check",
    )
    assert (settings.grpc_port, settings.rest_port, settings.grpc_socket_path) == (None, 8501, "/tmp/s")
    assert settings.channel_arguments == {
        "grpc.max_connection_age_ms": 2000,
        "grpc.primary_user_agent": "me",
    }
    assert (settings.parallelism, settings.num_load_threads) == ((3, 3), 5)
    assert settings.prefer_tflite_model
    assert settings.enable_signature_method_name_check


def test_the_threads_of_tensorflow_can_be_set_apart():
    assert _settings("--tensorflow_intra_op_parallelism=2").parallelism == (2, 0)
    both = ["--tensorflow_intra_op_parallelism=2", "--tensorflow_inter_op_parallelism=3"]
    assert _settings(*both).parallelism == (2, 3)
    assert _settings(*both[1:], "--tensorflow_session_parallelism=9").parallelism == (0, 3)
    with pytest.raises(ArgumentError, match=r"^Either configure server_options\.tensorflow_session_paral"):
        _settings(*both, "--tensorflow_session_parallelism=1")


def test_requests_have_as_many_threads_as_the_larger_flag_says(tmp_path: Path):
    assert _settings("--grpc_max_threads=3", "--rest_api_num_threads=2").num_request_threads == 3
    (tmp_path / "b").write_text("num_batch_threads { value: 64 }")
    batching = ["--enable_batching", f"--batching_parameters_file={tmp_path / 'b'}"]
    assert _settings(*batching).num_request_threads == 64


def test_batching_is_off_unless_asked_for(tmp_path: Path):
    file = tmp_path / "batching"
    file.write_text("max_batch_size { value: 7 }")
    assert _settings().batching is None
    assert _settings("--enable_batching").batching == BatchingParameters()
    batching = _settings("--enable_batching=true", f"--batching_parameters_file={file}").batching
    assert batching is not None
    assert batching.max_batch_size == 7
    with pytest.raises(InvalidArgumentError) as caught:
        _settings(f"--batching_parameters_file={file}")
    assert str(caught.value) == (
        "server_options.batching_parameters_file is set without setting server_options.enable_batching to"
        " true."
    )


def test_metrics_are_on_unless_a_file_switches_them_off(tmp_path: Path):
    file = tmp_path / "monitoring"
    assert _settings().monitoring_path == "/monitoring/prometheus/metrics"
    for text, path in {
        "prometheus_config { enable: true }": "/monitoring/prometheus/metrics",
        'prometheus_config { enable: true path: "/m" }': "/m",
        'prometheus_config { path: "/m" }': "",
    }.items():
        file.write_text(text)
        assert _settings(f"--monitoring_config_file={file}").monitoring_path == path


def test_one_port_for_both_transports_skips_rest_as_upstream_does(caplog: pytest.LogCaptureFixture):
    assert _settings("--port=8501", "--rest_api_port=8501").rest_port is None
    assert "Skipped exporting HTTP/REST API." in caplog.text


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port=0"],
        ["--port=65536"],
        ["--rest_api_port=-1"],
        ["--rest_api_num_threads=0"],
        ["--num_load_threads=-1"],
        ["--max_num_load_retries=-1"],
        ["--shutdown_grace_seconds=-1"],
        ["--grpc_channel_arguments=grpc.keepalive_time_ms"],
        ["--ssl_config_file=/none"],
        ["--monitoring_config_file=/none"],
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str]):
    with pytest.raises((ArgumentError, ServingError)):
        _settings(*arguments)

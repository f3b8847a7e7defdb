"""Configuration files of the messages that tensorflow-serving-api lacks."""

from pathlib import Path

import pytest

from keras_session5.errors import InvalidArgumentError, NotFoundError
from keras_session5.server.batching_parameters import BatchingParameters, read_batching_parameters
from keras_session5.server.monitoring_config import read_monitoring_path
from keras_session5.server.text_protos import ConfigSyntaxError, SSLConfigProto, read_text_proto

SERVING = Path(__file__).parents[2] / "serving"


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file"
    path.write_text(text)
    return path


def test_the_files_of_this_repository_are_read():
    parameters = read_batching_parameters(SERVING / "batching.config")
    assert (parameters.max_batch_size, parameters.batch_timeout_micros) == (64, 1000)
    assert (parameters.max_enqueued_batches, parameters.num_batch_threads) == (100, 2)
    assert read_monitoring_path(SERVING / "monitoring.config") == "/monitoring/prometheus/metrics"


def test_every_field_of_the_batching_parameters_is_taken_over(tmp_path: Path):
    text = """
      max_batch_size { value: 128 }  # a comment
      batch_timeout_micros { value: 0 }
      max_enqueued_batches: { value: 1000000 }
      num_batch_threads { value: 8 }
      thread_pool_name { value: "mine" }
      allowed_batch_sizes: 32 allowed_batch_sizes: [64]
      pad_variable_length_inputs: true
      enable_large_batch_splitting { value: true }
      max_execution_batch_size { value: 64 }
    """
    assert read_batching_parameters(_write(tmp_path, text)) == BatchingParameters(
        128, 0, 1000000, 8, "mine", (32, 64), True, True, 64
    )


def test_what_a_batching_file_leaves_out_has_upstreams_default(tmp_path: Path):
    assert read_batching_parameters(_write(tmp_path, "")) == BatchingParameters(
        thread_pool_name="batch_threads"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "allowed_batch_sizes: 5",
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 5; expected 1000",
        ),
        (
            "allowed_batch_sizes: [4, 2]",
            "allowed_batch_sizes entries must be monotonically increasing",
        ),
        ("max_batch_size {}", "max_batch_size must be positive; was 0"),
        ("num_batch_threads { value: -1 }", "num_batch_threads must be positive; was -1"),
        ("batch_timeout_micros { value: -1 }", "batch_timeout_micros must be non-negative; was -1"),
    ],
)
def test_batching_parameters_that_contradict_each_other_are_refused(tmp_path: Path, text: str, message: str):
    with pytest.raises(InvalidArgumentError) as caught:
        read_batching_parameters(_write(tmp_path, text))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ('prometheus_config: { enable: false, path: "/metrics" }', ""),
        ("prometheus_config { enable: true }", "/monitoring/prometheus/metrics"),
        ('prometheus_config: { enable: true, path: "/metrics" }', "/metrics"),
    ],
)
def test_monitoring_is_on_only_if_its_file_says_so(tmp_path: Path, text: str, result: str):
    assert read_monitoring_path(_write(tmp_path, text)) == result


def test_a_file_that_does_not_parse_is_named_and_the_place_is_told(tmp_path: Path):
    path = _write(tmp_path, 'server_key: "k"\nserver_sert: "c"')
    with pytest.raises(InvalidArgumentError) as caught:
        read_text_proto(path, SSLConfigProto())
    assert str(caught.value) == f"Invalid protobuf file: '{path}'"
    assert isinstance(caught.value.__cause__, ConfigSyntaxError)
    assert str(caught.value.__cause__).startswith(
        "Error parsing text-format tensorflow.serving.SSLConfig: 2:1: Message type"
    )
    with pytest.raises(NotFoundError, match=r"; No such file or directory$"):
        read_text_proto(tmp_path / "none", SSLConfigProto())

"""The command line of the model server: the flags of `tensorflow_model_server`, and a few of its own.

Its own are `host`, `models_root`, `rest_api_ssl_config_file`, `shutdown_grace_seconds` and the limits of the
REST port: `rest_api_max_body_bytes`, `rest_api_max_connections`, `rest_api_header_timeout_in_ms` and
`rest_api_idle_timeout_in_ms`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from keras_session5.checks import did_you_mean
from keras_session5.errors import ArgumentError
from keras_session5.server.settings import Settings

_BOOLEANS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


@dataclass(frozen=True)
class Flag:
    """One flag: its name, its default, which also sets its type, and its help text."""

    name: str
    default: Any
    help: str

    def parse(self, text: str | None) -> Any:
        """Returns the value of `--name=text`, or of a bare `--name` if `text` is None."""
        if isinstance(self.default, bool):
            if text is None:
                return True
            if text.lower() in _BOOLEANS:
                return _BOOLEANS[text.lower()]
            raise ArgumentError(f"--{self.name} must be true or false. Received: --{self.name}={text}")
        if text is None:
            raise ArgumentError(
                f"--{self.name} needs a value. Example: --{self.name}={self.default or 'VALUE'}"
            )
        try:
            return type(self.default)(text)
        except ValueError as error:
            raise ArgumentError(f"--{self.name} must be a number. Received: --{self.name}={text}") from error


# Flags that name a file with settings, or whose setting has another name.
_OTHER_FLAGS = (
    Flag("port", Settings.grpc_port, "port for gRPC; 0 switches it off"),
    Flag("rest_api_port", 0, "port for REST; 0 switches it off"),
    Flag("model_name", "default", "name of the model; ignored with --model_config_file"),
    Flag("model_base_path", "", "folder of its numbered versions; ignored with --model_config_file"),
    Flag("model_config_file", "", "text file (ModelServerConfig) that names several models"),
    Flag("model_config_file_poll_wait_seconds", 0, "seconds between readings of that file; 0: only once"),
    Flag("enable_batching", False, "merge requests that arrive at the same time"),
    Flag("batching_parameters_file", "", "text file (BatchingParameters) with the limits of merging"),
    Flag("monitoring_config_file", "", "text file (MonitoringConfig) for the metrics; empty: on"),
    Flag("ssl_config_file", "", "text file (SSLConfig) with the certificates for gRPC; empty: no encryption"),
    Flag("rest_api_ssl_config_file", "", "the same for REST"),
    Flag("version", False, "print the version and exit"),
    Flag("help", False, "print this help and exit"),
)
FLAGS = (
    *_OTHER_FLAGS,
    *(Flag(f.name, f.default, f.metadata["help"]) for f in fields(Settings) if f.metadata),
)
# They control features that this server lacks; to refuse them would only break working command lines.
IGNORED = (
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
)
_BY_NAME = {flag.name: flag for flag in FLAGS}


def parse_flags(arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Returns the value of every flag, and the ignored flags that were given.

    Raises:
        ArgumentError: a flag is unknown or its value is not of its type.
    """
    values = {flag.name: flag.default for flag in FLAGS}
    ignored: dict[str, None] = {}
    for argument in arguments:
        name, equals, text = argument.removeprefix("--").partition("=")
        if argument.startswith("--") and name in IGNORED:
            ignored[name] = None
        elif argument.startswith("--") and name in _BY_NAME:
            values[name] = _BY_NAME[name].parse(text if equals else None)
        else:
            hint = did_you_mean(f"--{name}", [f"--{known}" for known in (*_BY_NAME, *IGNORED)])
            raise ArgumentError(f"unknown argument: {argument}.{hint} --help lists all flags.")
    return values, list(ignored)


def usage() -> str:
    """Returns the help text."""
    lines = [f"  --{flag.name}={_format_default(flag.default)}\n      {flag.help}" for flag in FLAGS]
    return "\n".join(
        [
            "usage: session5-model-server [--flag=value]...",
            "",
            "Serves SavedModels with TensorFlow Serving's gRPC and REST APIs.",
            "Example: session5-model-server --rest_api_port=8501 --model_config_file=serving/models.config"
            " --models_root=saved_models",
            "",
            "Flags, with their defaults:",
            *lines,
            "",
            "Accepted and ignored:",
            *(f"  --{name}" for name in IGNORED),
        ]
    )


def _format_default(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else f"{default}"

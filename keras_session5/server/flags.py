"""The command line of the model server: the flags of `tensorflow_model_server`, and two of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_session5.checks import did_you_mean
from keras_session5.errors import ArgumentError
from keras_session5.server.settings import Settings

_BOOLEANS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}


@dataclass(frozen=True)
class Flag:
    """One flag: its default, which also tells its type, and what it is for."""

    name: str
    default: Any
    help: str

    def parse(self, text: str | None) -> Any:
        """Returns the value that `--name=text` (or, without text, a bare `--name`) gives."""
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


FLAGS = (
    Flag("host", Settings.host, "address to listen on; 0.0.0.0 lets other machines in"),
    Flag("port", Settings.grpc_port, "port for gRPC; 0 switches it off"),
    Flag("grpc_socket_path", Settings.grpc_socket_path, "UNIX socket for gRPC"),
    Flag("rest_api_port", 0, "port for REST; 0 switches it off"),
    Flag("rest_api_timeout_in_ms", Settings.rest_api_timeout_in_ms, "how long a REST request may take"),
    Flag("model_name", "default", "name of the model; ignored with --model_config_file"),
    Flag("model_base_path", "", "folder of its numbered versions; ignored with --model_config_file"),
    Flag("model_config_file", "", "text file (ModelServerConfig) that names several models"),
    Flag("model_config_file_poll_wait_seconds", 0, "how often to read that file again; 0: never"),
    Flag("models_root", "", "folder for which /models stands in the base paths of that file"),
    Flag(
        "file_system_poll_wait_seconds",
        Settings.file_system_poll_wait_seconds,
        "how often to look for new versions; 0: once",
    ),
    Flag("max_num_load_retries", Settings.max_num_load_retries, "how often a failed load is tried again"),
    Flag("load_retry_interval_micros", Settings.load_retry_interval_micros, "how long to wait before that"),
    Flag(
        "enable_model_warmup",
        Settings.enable_model_warmup,
        "run the warm-up requests that a model brings along",
    ),
    Flag(
        "num_request_iterations_for_warmup",
        Settings.num_request_iterations_for_warmup,
        "how often to run each of them; 0: once",
    ),
    Flag("saved_model_tags", Settings.saved_model_tags, "tags of the graph to load, separated by commas"),
    Flag(
        "allow_version_labels_for_unavailable_models",
        Settings.allow_version_labels_for_unavailable_models,
        "let labels point to versions not loaded",
    ),
    Flag("version", False, "print the version and leave"),
    Flag("help", False, "print this and leave"),
)
# They steer what this server does not have; refusing them would only break working command lines.
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
    ignored = []
    for argument in arguments:
        name, equals, text = argument.removeprefix("--").partition("=")
        if argument.startswith("--") and name in IGNORED:
            ignored.append(name)
        elif argument.startswith("--") and name in _BY_NAME:
            values[name] = _BY_NAME[name].parse(text if equals else None)
        else:
            hint = did_you_mean(f"--{name}", [f"--{known}" for known in (*_BY_NAME, *IGNORED)])
            raise ArgumentError(f"unknown argument: {argument}.{hint} --help lists all.")
    return values, ignored


def usage() -> str:
    """Returns the help text."""
    lines = [f"  --{flag.name}={_shown(flag.default)}\n      {flag.help}" for flag in FLAGS]
    return "\n".join(
        [
            "usage: session5-model-server [--flag=value]...",
            "",
            "Serves SavedModels over TensorFlow Serving's gRPC and REST APIs.",
            "Example: session5-model-server --rest_api_port=8501 --model_config_file=serving/models.config"
            " --models_root=saved_models",
            "",
            "Flags, with their defaults:",
            *lines,
        ]
    )


def _shown(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else f"{default}"

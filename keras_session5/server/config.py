"""Reads and checks the list of models to serve, from `models.config` or a dict."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tensorflow_serving.config import model_server_config_pb2

from keras_session5.errors import FailedPreconditionError, InvalidArgumentError
from keras_session5.server.text_protos import read_text_proto

_PLATFORM = "tensorflow"
_PLATFORMS_BY_TYPE = {1: _PLATFORM}  # the deprecated enumeration: 1 TENSORFLOW, 2 OTHER
_MOUNT = "/models"


@dataclass(frozen=True)
class VersionPolicy:
    """Selects the versions to serve: the `specific` ones, the `latest` N, or (None) all."""

    latest: int | None = 1
    specific: frozenset[int] = frozenset()

    def choose(self, found: list[int]) -> list[int]:
        """Returns the version numbers in `found` that the policy selects."""
        if self.specific:
            return [number for number in found if number in self.specific]
        return sorted(found) if self.latest is None else sorted(found)[-self.latest :]


@dataclass(frozen=True)
class ModelConfig:
    """One model: the folder of its versions, the policy that selects them, and their labels."""

    name: str
    base_path: str
    policy: VersionPolicy = VersionPolicy()
    labels: Mapping[str, int] = field(default_factory=dict)


def read_config(
    source: str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]],
    models: str | os.PathLike[str] = "",
    served: Collection[str] | None = None,
) -> list[ModelConfig]:
    """Returns the models of a `models.config` file, or of a dict of base paths by name.

    Args:
        source: the file's path, or a dict, whose paths are only made absolute.
        models: the folder that replaces `/models` at the start of the file's base paths. The official image
            mounts a folder there, so one file drives both servers. Empty: `/models` itself.
        served: the models of the current configuration; None if there is none yet.

    Raises:
        NotFoundError: there is no such file.
        InvalidArgumentError: the file does not parse, or describes a model wrongly.
        FailedPreconditionError: the file holds another kind of configuration than the current one.
    """
    if isinstance(source, Mapping):
        return [ModelConfig(name, str(Path(path).absolute())) for name, path in source.items()]
    return to_configs(read_text_proto(source, model_server_config_pb2.ModelServerConfig()), models, served)


def reread_config(
    path: str | os.PathLike[str], models: str | os.PathLike[str], served: Collection[str]
) -> list[ModelConfig] | None:
    """Returns the models of a file that may have changed; None while the file is empty.

    Raises:
        ServingError: as `read_config` does.
    """
    config = read_text_proto(path, model_server_config_pb2.ModelServerConfig())
    return None if config.WhichOneof("config") is None else to_configs(config, models, served)


def to_configs(
    config: model_server_config_pb2.ModelServerConfig,
    models: str | os.PathLike[str] = "",
    served: Collection[str] | None = None,
) -> list[ModelConfig]:
    """Returns the models of a message, as `read_config` does for a file."""
    if config.WhichOneof("config") == "custom_model_config":
        if served is None:
            raise InvalidArgumentError("custom_model_config is not supported. Use model_config_list instead.")
        raise FailedPreconditionError(
            "Cannot transition to requested config. It is only legal to transition from one ModelConfigList"
            " to another."
        )
    listed = config.model_config_list.config
    _check_names_and_paths(listed)
    for model in listed:
        _check_platform(model, model.name in (served or ()))
    return [
        ModelConfig(
            name=model.name,
            base_path=_resolve(model.base_path, models),
            policy=_read_policy(model.model_version_policy),
            labels=dict(model.version_labels),
        )
        for model in listed
    ]


def _check_names_and_paths(models: Iterable[model_server_config_pb2.ModelConfig]) -> None:
    counts = Counter(model.name for model in models)
    for name, count in counts.items():
        if count > 1:
            raise InvalidArgumentError(f"Illegal to list model {name} multiple times in config list")
    for model in models:
        if not model.base_path.startswith("/") and "://" not in model.base_path:
            raise InvalidArgumentError(
                f"Expected model {model.name} to have an absolute path or URI;"
                f" got base_path()={model.base_path}"
            )


def _check_platform(model: model_server_config_pb2.ModelConfig, served: bool) -> None:
    if bool(model.model_type) == bool(model.model_platform):
        which = (
            "both ModelServerConfig::model_type (deprecated) and"
            if model.model_type
            else ("neither ModelServerConfig::model_type (deprecated) nor")
        )
        raise InvalidArgumentError(
            f"Illegal setting {which} ModelServerConfig::model_platform, model name is {model.name}"
        )
    platform = model.model_platform or _PLATFORMS_BY_TYPE.get(model.model_type, "other")
    if platform == _PLATFORM:
        return
    if served:
        raise InvalidArgumentError(
            f"Illegal to change a model's platform. For model {model.name} platform was {_PLATFORM}"
            f" and new platform requested is {platform}"
        )
    raise InvalidArgumentError(f"Model {model.name} requests unsupported platform {platform}")


def _resolve(path: str, models: str | os.PathLike[str]) -> str:
    inside = path.removeprefix(_MOUNT)
    if not models or inside == path or inside[:1] not in ("", "/"):
        return path
    return str(Path(models).absolute()) + inside


def _read_policy(policy) -> VersionPolicy:
    choice = policy.WhichOneof("policy_choice")
    if choice == "all":
        return VersionPolicy(latest=None)
    if choice == "specific":
        return VersionPolicy(specific=frozenset(policy.specific.versions))
    return VersionPolicy(latest=max(1, policy.latest.num_versions))

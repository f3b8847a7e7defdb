"""Replaces the configuration of a running server, for `ModelService.HandleReloadConfigRequest`."""

import asyncio
import logging
from collections.abc import Callable

from tensorflow_serving.apis import model_management_pb2

from keras_session5.errors import InvalidArgumentError, ServingError, UnknownError
from keras_session5.server.config import to_configs
from keras_session5.server.repository import Repository

log = logging.getLogger(__name__)

_POLL_S = 0.02


class Reloader:
    """Applies configurations, one at a time.

    Args:
        repository: holds the models.
        models_root: replaces `/models` at the start of base paths; empty: `/models` itself.
        total: returns the value of a counter, given its path.
    """

    def __init__(self, repository: Repository, models_root: str, total: Callable[[str], int]):
        self._repository, self._models_root, self._total = repository, models_root, total
        self._lock = asyncio.Lock()

    async def reload(
        self, request: model_management_pb2.ReloadConfigRequest
    ) -> model_management_pb2.ReloadConfigResponse:
        """Replaces the whole configuration and waits until each new model is available or has failed.

        Raises:
            UnknownError: a new model did not become available; the configuration is in force nevertheless.
            ServingError: the configuration is invalid; nothing changes.
        """
        before = {path: self._total(path) for path in request.metric_names}
        try:
            async with self._lock:
                await self._replace(request)
        except ServingError as error:
            log.error("ReloadConfig failed: %s", error)
            raise
        response = model_management_pb2.ReloadConfigResponse()
        response.status.SetInParent()
        for path, count in before.items():
            response.metric.add(name=path, int64_value_increase=self._total(path) - count)
        return response

    async def _replace(self, request: model_management_pb2.ReloadConfigRequest) -> None:
        if request.config.WhichOneof("config") != "model_config_list":
            raise InvalidArgumentError(
                "ServerModelConfig type not supported by HandleReloadConfigRequest."
                " Only ModelConfigList is currently supported"
            )
        configs = to_configs(request.config, self._models_root, self._repository.names())
        new = sorted(self._repository.reload(configs))
        log.info("Reloaded the configuration: %s", ", ".join(config.name for config in configs))
        while not all(self._repository.is_settled(name) for name in new):
            await asyncio.sleep(_POLL_S)
        if failures := self._repository.failures(new):
            accounts = "".join(f"{{{failure}}}, " for failure in failures)
            raise UnknownError(f"{len(failures)} model(s) did not become available: {{{accounts}}}")

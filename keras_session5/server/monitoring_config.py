"""The page of the metrics: TensorFlow Serving's `MonitoringConfig`."""

import os

from keras_session5.server.text_protos import MonitoringConfigProto, read_text_proto

DEFAULT_PATH = "/monitoring/prometheus/metrics"


def read_monitoring_path(path: str | os.PathLike[str]) -> str:
    """Returns the path of the metrics' page in a `MonitoringConfig` file; empty if it switches them off.

    Raises:
        NotFoundError: there is no such file.
        InvalidArgumentError: it does not parse.
    """
    config = read_text_proto(path, MonitoringConfigProto()).prometheus_config
    return (config.path or DEFAULT_PATH) if config.enable else ""

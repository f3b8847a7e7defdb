"""A model server that speaks TensorFlow Serving's protocol and serves any SavedModel.

    configuration -> repository of versions -> runtime -> batching -> core -> REST and gRPC

* Configuration: `flags.py`, `settings.py` and the readers of the files that they name (`config.py`,
  `text_protos.py`, `batching_parameters.py`, `monitoring_config.py`, `tls.py`). `config_watcher.py` and
  `reloading.py` change it at run time.
* Versions of models: `discovery.py`, `model.py`, `version.py`, `repository.py`.
* Loading and running a version: `saved_model.py`, `rank_guards.py`, `runtime.py`, `lite_model.py`,
  `warmup.py`, `batching.py`.
* Answers, independent of the transport: `core.py` with `predict.py`, `inference.py` and `codecs/`.
* Transports: `rest_api.py`, `grpc_api.py`, `health.py`, `transports.py`.
* Monitoring: `readiness.py`, `metrics.py` and `metric_kinds.py`.

In comments, "upstream" is TensorFlow Serving.

Importing this package does not import TensorFlow; the first use of `serve` or `Server` does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

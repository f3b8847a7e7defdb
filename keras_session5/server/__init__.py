"""A model server that speaks TensorFlow Serving's protocol and serves any SavedModel.

    configuration -> repository of versions -> runtime -> batching -> core -> REST and gRPC

* What to serve: `flags.py`, `settings.py` and the files that they name (`config.py`, `text_protos.py`,
  `batching_parameters.py`, `monitoring_config.py`, `tls.py`); changed while it runs by
  `config_watcher.py` and `reloading.py`.
* Which versions are loaded: `discovery.py`, `model.py`, `version.py`, `repository.py`.
* How one is loaded and run: `saved_model.py`, `rank_guards.py`, `runtime.py`, `lite_model.py`, `warmup.py`,
  `batching.py`.
* Answers, without knowing a transport: `core.py` with `predict.py`, `inference.py` and `codecs/`.
* Over the wire: `rest_api.py`, `grpc_api.py`, `health.py`, `transports.py`; how it goes is told by
  `readiness.py` and `metrics.py` (their kinds: `metric_kinds.py`).

Importing this package does not import TensorFlow; the first use of `serve` or `Server` does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

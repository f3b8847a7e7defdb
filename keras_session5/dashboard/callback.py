"""The callback that writes a run's dashboard.

It writes scalars after every epoch; histograms after at most six epochs, evenly spaced; pictures of the
weights after the first and the last; and pictures of examples, the slowest part, after the last.
Many short epochs therefore cost no more time than a few long ones, and the content depends on the recipe
alone.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.ops import convert_to_numpy
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2

from keras_session5 import introspection
from keras_session5.dashboard.events import EventFile
from keras_session5.dashboard.graph import network_graph
from keras_session5.dashboard.guard import logger, warn_on_failure
from keras_session5.dashboard.images import Gallery, Picture, draw_predictions
from keras_session5.dashboard.own import OwnExamples
from keras_session5.dashboard.predictor import Predictor
from keras_session5.dashboard.probe import Probe, gradient_norm
from keras_session5.dashboard.projector import write_projector
from keras_session5.dashboard.source import Source
from keras_session5.errors import ArgumentError, shorten
from keras_session5.tasks import Predictions

Logs = dict[str, float] | None

_MAX_HISTOGRAMS = 6  # epochs of a run with histograms
_BACKENDS = ("tensorflow", "jax")


class Dashboard(keras.callbacks.Callback):
    """Writes TensorBoard's files for `fit`. Training gives exactly the same weights with and without it.

    It takes any Keras model. Without examples it shows the learning curves, the graph and histograms of the
    weights; with examples also activations, gradients, feature maps, attention and saliency; for class labels
    the confusion matrix and the worst mistakes; for numbers the largest errors. A warning names once what the
    model does not give. If writing fails, the dashboard ends with a warning and training continues.

    A training that begins again with the first epoch replaces the one before in the same directory.

    Args:
        directory: of the run; `session5 dashboard DIRECTORY` opens it.
        examples: inputs and targets, as `fit` takes them, such as `(x[:32], y[:32])`; of the first 1,000, the
            first 32 are for activations and gradients and the first one for pictures of the layers.
        class_names: of the labels in the examples.

    Raises:
        ArgumentError: for examples or names of another form, or under another backend than TensorFlow or JAX.

    Example:
        >>> model.fit(x, y, callbacks=[Dashboard("runs/flowers", examples=(x[:32], y[:32]))])
    """

    def __init__(
        self,
        directory: str | Path,
        examples: Source | Sequence[Any] | None = None,
        class_names: Sequence[str] | None = None,
    ):
        super().__init__()
        if (backend := keras.backend.backend()) not in _BACKENDS:
            raise ArgumentError(
                f"A dashboard needs Keras's backend to be one of {', '.join(_BACKENDS)}, for the gradients. "
                f"Set KERAS_BACKEND. Received: {backend}"
            )
        self.directory = Path(directory)
        if examples is None:
            self.source = Source()
        else:
            self.source = examples if isinstance(examples, Source) else OwnExamples(examples, class_names)
        self.left_out: set[str] = set()
        self.failed = False
        self._began = 0.0
        self.on_train_begin()

    def on_train_begin(self, logs: Logs = None):
        self.files: dict[str, EventFile] = {}
        self.first_step = self.last_step = 0  # steps count finished epochs
        self.shown = 0  # the last step with pictures of examples
        self.begun = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None):
        if not self.first_step:
            # TensorBoard discards this step and later ones that an earlier training wrote.
            self.first_step = epoch + 1
        if not self.begun and self.model.built:
            self._begin()
        self._began, self._trained_s = time.perf_counter(), 0.0

    @warn_on_failure
    def _begin(self) -> None:
        self.begun = True
        model: Any = self.model
        network = introspection.as_functional(model)
        if network is None:
            self._leave_out(
                "the graph, activations and pictures of layers", "a subclassed model is one closed layer"
            )
        self.predictor = self._make("predictions", lambda: Predictor(model, network))
        self.gallery = network and self._make("pictures of layers", lambda: Gallery(network, self.source))
        batch = self.source.probe_batch()
        self.probe = batch and self._make("activations and gradients", lambda: Probe(model, network, batch))
        self.histogram_epochs = spread_epochs(self.params["epochs"], _MAX_HISTOGRAMS)
        if self.first_step == 1:
            file = self._file()
            if graph := network and self._make("the graph", lambda: network_graph(network)):
                file.write_graph(graph)
            if described := self._make("the table of settings", lambda: self.source.describe(model)):
                table, settings = described
                file.write_text("recipe", table)
                if settings:
                    name = "/".join(self.directory.parts[-2:])
                    file.write_summary(summary_v2.hparams_pb(dict(settings), trial_id=name))

    def on_test_begin(self, logs: Logs = None):
        self._trained_s = time.perf_counter() - self._began  # without validation

    @warn_on_failure
    def on_epoch_end(self, epoch: int, logs: Logs = None):
        seconds = self._trained_s or time.perf_counter() - self._began
        self.last_step = step = epoch + 1
        if not self.begun:  # the first batch has built the model
            self._begin()
        model: Any = self.model
        is_last = step == self.params["epochs"] or model.stop_training
        self._write_scalars(logs or {}, seconds, step)
        if is_last or step in self.histogram_epochs:
            self._write_histograms(step)
        if (is_last or step == 1) and self.gallery:
            self._write_pictures("filters", self.gallery.draw_weights, step)
        if is_last:
            self._show_examples(step)
        for file in self.files.values():
            file.flush()

    @warn_on_failure
    def on_train_end(self, logs: Logs = None):
        if self.last_step != self.shown:  # a callback after this one has ended the training
            self._write_histograms(self.last_step)
            self._show_examples(self.last_step)
        for file in self.files.values():
            file.flush()

    @warn_on_failure
    def finish(self, metrics: Mapping[str, float], epochs: int) -> None:
        """Writes the metrics of the test split, for the comparison of runs, and closes the files.

        Args:
            metrics: of the test split.
            epochs: number of epochs of the training.
        """
        self.first_step = self.first_step or epochs + 1  # without any epoch, `fit` was not called
        tested = {f"test/{name}": value for name, value in metrics.items()}
        self._file().write_scalars(tested, epochs)
        self._file().write_summary(_session_end())
        for file in self.files.values():
            file.close()

    def _make(self, what: str, make: Callable[[], Any]) -> Any:
        """Returns what a function makes; None if the model does not give it, which a warning tells once."""
        if what in self.left_out:
            return None
        try:
            return make()
        except OSError:  # a file cannot be written: the dashboard ends
            raise
        except Exception as error:  # of any kind: models are
            self._leave_out(what, shorten(error))

    def _leave_out(self, what: str, reason: str) -> None:
        if what not in self.left_out:
            self.left_out.add(what)
            logger.warning("The dashboard of %s leaves out %s: %s", self.directory, what, reason)

    def _write_scalars(self, logs: dict[str, float], seconds: float, step: int) -> None:
        model: Any = self.model
        train = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith("val_")}
        validation = {f"epoch_{name[4:]}": logs[name] for name in logs if name.startswith("val_")}
        if model.optimizer is not None:
            train["learning_rate"] = float(convert_to_numpy(model.optimizer.learning_rate))
        if self.source.examples_per_epoch:
            train["examples_per_second"] = self.source.examples_per_epoch / seconds
        else:
            train["epoch_seconds"] = seconds
        self._file("train").write_scalars(train, step)
        if validation:
            self._file("validation").write_scalars(validation, step)

    def _write_histograms(self, step: int) -> None:
        model: Any = self.model
        file = self._file("train")
        weights = {w.path: convert_to_numpy(w.value) for w in model.trainable_variables}
        arrays = {"weights": weights}
        if measured := self.probe and self._make("activations and gradients", self.probe.measure):
            arrays["activations"], arrays["gradients"] = measured
            file.write_scalars({"gradient_norm": gradient_norm(arrays["gradients"])}, step)
        for kind, named in arrays.items():
            file.write_histograms({f"{kind}/{name}": array for name, array in named.items()}, step)

    def _write_pictures(self, what: str, draw: Callable[[], Iterable[Picture]], step: int) -> None:
        for tag, figure, sentence in self._make(what, lambda: list(draw())) or ():
            self._file().write_image(tag, figure, step, sentence)

    def _show_examples(self, step: int) -> None:
        """Writes the pictures of the examples and the projector, once for a step."""
        self.shown = step
        if self.gallery:
            self._write_pictures("feature maps and attention", self.gallery.draw_example, step)
            self._write_pictures("saliency", self.gallery.draw_saliency, step)
        predictor = self.predictor
        if predictor is None:
            return
        found = self._make("predictions", lambda: self.source.predictions(self.model, predictor))
        if found is None:
            return
        names = self.source.class_names
        self._write_pictures("mistakes", lambda: draw_predictions(found, names), step)
        if found.features.shape[-1]:
            self._make("the projector", lambda: self._write_projector(found))

    def _write_projector(self, predictions: Predictions) -> None:
        columns, images = self.source.projected(predictions)
        write_projector(self.directory, "penultimate layer", predictions.features, columns, images)

    def _file(self, part: str = "") -> EventFile:
        """Returns the event file of a part of the run, which it creates for the first call."""
        if part not in self.files:
            self.files[part] = EventFile(self.directory / part, self.first_step)
        return self.files[part]


def _session_end() -> Summary:
    """Returns what `tensorboard.plugins.hparams.summary.session_end_pb` does, which imports TensorFlow."""
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time())
    about = metadata.create_summary_metadata(plugin_data_pb2.HParamsPluginData(session_end_info=end))
    value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, tensor=metadata.NULL_TENSOR, metadata=about)
    return Summary(value=[value])


def spread_epochs(epochs: int, count: int) -> set[int]:
    """Returns at most `count` evenly spaced numbers from 1 to `epochs`, both included."""
    return {round(number) for number in np.linspace(1, epochs, min(count, epochs))}

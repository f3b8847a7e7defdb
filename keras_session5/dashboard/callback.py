"""The callback that writes a run's dashboard.

It writes scalars after every epoch; histograms after at most six epochs, evenly spaced; pictures of the
weights after the first and the last; and pictures of examples, the slowest part, after the last.
Many short epochs therefore cost no more time than a few long ones, and the content depends on the recipe
alone.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.ops import convert_to_numpy
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2, summary_v2

from keras_session5.catalog import Recipe
from keras_session5.dashboard.events import EventFile
from keras_session5.dashboard.graph import network_graph
from keras_session5.dashboard.guard import warn_on_failure
from keras_session5.dashboard.images import Gallery, Picture
from keras_session5.dashboard.predictor import Predictor
from keras_session5.dashboard.probe import Probe, gradient_norm
from keras_session5.dashboard.projector import write_projector
from keras_session5.dashboard.recipe import hyperparameters, recipe_table
from keras_session5.tasks import Predictions, Task

Logs = dict[str, float] | None

_MAX_HISTOGRAMS = 6  # epochs of a run with histograms


class Dashboard(keras.callbacks.Callback):
    """Writes a run's dashboard. Training gives exactly the same weights with and without it.

    If writing fails, the dashboard ends with a warning and training continues.

    Args:
        directory: of the run.
        record: of the run; its network, recipe and versions become tables.
        recipe: of the run.
        task: of the network.
        first_epoch: number of the first epoch of a resumed run.
    """

    def __init__(
        self,
        directory: Path,
        record: Mapping[str, Any],
        recipe: Recipe,
        task: Task,
        first_epoch: int = 0,
    ):
        super().__init__()
        self.directory, self.record, self.recipe, self.task = directory, record, recipe, task
        self.examples = len(task.train) * recipe.repeats
        self.histogram_epochs = spread_epochs(recipe.epochs, _MAX_HISTOGRAMS)
        # TensorBoard discards the later steps that a killed process wrote.
        self.first_step = first_epoch + 1
        self.files: dict[str, EventFile] = {}
        self.failed = False

    @warn_on_failure
    def on_train_begin(self, logs: Logs = None):
        if self.first_step == 1:
            file = self._file()
            file.write_graph(network_graph(self.model))
            file.write_text("recipe", recipe_table(self.record))
            name = "/".join(self.directory.parts[-2:])
            file.write_summary(summary_v2.hparams_pb(hyperparameters(self.record), trial_id=name))
        self.probe = Probe(self.model, self.task)
        self.predictor = Predictor(self.model, self.task)
        self.gallery = Gallery(self.model, self.task, self.predictor)

    def on_epoch_begin(self, epoch: int, logs: Logs = None):
        self._began, self._trained_s = time.perf_counter(), 0.0

    def on_test_begin(self, logs: Logs = None):
        self._trained_s = time.perf_counter() - self._began  # without validation

    @warn_on_failure
    def on_epoch_end(self, epoch: int, logs: Logs = None):
        seconds = self._trained_s or time.perf_counter() - self._began
        step = epoch + 1
        model: Any = self.model
        is_last = step == self.recipe.epochs or model.stop_training
        self._write_scalars(logs or {}, seconds, step)
        if is_last or step in self.histogram_epochs:
            self._write_histograms(step)
        if is_last or step == 1:
            self._write_pictures(self.gallery.draw_weights(), step)
        if is_last:
            predictions = self.predictor.predictions()
            self._write_pictures(self.gallery.draw_example(), step)
            self._write_pictures(self.gallery.draw_predictions(predictions), step)
            self._write_projector(predictions)
        for file in self.files.values():
            file.flush()

    @warn_on_failure
    def finish(self, metrics: Mapping[str, float], epochs: int) -> None:
        """Writes the metrics of the test split, for the comparison of runs, and closes the files.

        Args:
            metrics: of the test split.
            epochs: number of epochs of the training.
        """
        tested = {f"test/{name}": value for name, value in metrics.items()}
        self._file().write_scalars(tested, epochs)
        self._file().write_summary(_session_end())
        for file in self.files.values():
            file.close()

    def _write_scalars(self, logs: dict[str, float], seconds: float, step: int) -> None:
        model: Any = self.model
        train = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith("val_")}
        validation = {f"epoch_{name[4:]}": logs[name] for name in logs if name.startswith("val_")}
        train["learning_rate"] = float(convert_to_numpy(model.optimizer.learning_rate))
        train["examples_per_second"] = self.examples / seconds
        self._file("train").write_scalars(train, step)
        if validation:
            self._file("validation").write_scalars(validation, step)

    def _write_histograms(self, step: int) -> None:
        model: Any = self.model
        file = self._file("train")
        activations, gradients = self.probe.measure()
        file.write_scalars({"gradient_norm": gradient_norm(gradients)}, step)
        weights = {w.path: convert_to_numpy(w.value) for w in model.trainable_variables}
        for kind, arrays in (("weights", weights), ("activations", activations), ("gradients", gradients)):
            file.write_histograms({f"{kind}/{name}": array for name, array in arrays.items()}, step)

    def _write_pictures(self, pictures: Iterable[Picture], step: int) -> None:
        for tag, figure, sentence in pictures:
            self._file().write_image(tag, figure, step, sentence)

    def _write_projector(self, predictions: Predictions) -> None:
        split, data = self.predictor.split, self.task.data
        labels = self.task.class_names_of(split.labels) if data.class_names else predictions.labels
        pairs = zip(predictions.labels, predictions.predictions, strict=True)
        columns = {
            "label": labels,
            "prediction": predictions.predictions,
            "right": ["yes" if label == prediction else "no" for label, prediction in pairs],
        }
        if split.texts:
            columns["text"] = split.texts
        images = split.inputs if data.modality == "image" else None
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

"""What is written into a run's dashboard, and when.

Scalars are written after every epoch; histograms after six at most, evenly spread over the recipe's;
pictures of the weights after the first and the last, and those of examples, which take longest, after the
last. So a dashboard takes no longer for many short epochs than for few long ones, and what it holds depends
on nothing but the recipe.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tensorboard.plugins.hparams import api_pb2, summary, summary_v2

from keras_session5.catalog import Recipe
from keras_session5.dashboard.arrays import to_numpy
from keras_session5.dashboard.events import EventFile
from keras_session5.dashboard.graph import network_graph
from keras_session5.dashboard.guard import or_a_warning
from keras_session5.dashboard.images import Gallery, Picture
from keras_session5.dashboard.predictor import Predictor
from keras_session5.dashboard.probe import Probe, gradient_norm
from keras_session5.dashboard.projector import write_projector
from keras_session5.dashboard.recipe import hyperparameters, recipe_table
from keras_session5.tasks import Predictions, Task

_HISTOGRAMS = 6  # times in a run


class Dashboard(keras.callbacks.Callback):
    """Writes a run's dashboard. Training is the same with it and without it, to the last bit.

    A dashboard that cannot be written ends with a warning, and training goes on.

    Args:
        directory: of the run.
        record: of the run: its network, recipe and versions, which are shown as tables.
        recipe: how many epochs there will be.
        task: what the network is trained for.
        first_epoch: number of the epoch that a resumed run goes on with.
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
        self.histograms = occasions(recipe.epochs, _HISTOGRAMS)
        # Of a resumed run: what a killed process wrote of later epochs no longer holds.
        self.first_step = first_epoch + 1
        self.files: dict[str, EventFile] = {}
        self.failed = False

    @or_a_warning
    def on_train_begin(self, logs=None):
        if self.first_step == 1:
            self._write_once()
        self.probe = Probe(self.model, self.task)
        self.predictor = Predictor(self.model, self.task)
        self.gallery = Gallery(self.model, self.task, self.predictor)

    def on_epoch_begin(self, epoch, logs=None):
        self._began, self._trained_s = time.perf_counter(), 0.0

    def on_test_begin(self, logs=None):
        self._trained_s = time.perf_counter() - self._began  # validation is no training

    @or_a_warning
    def on_epoch_end(self, epoch, logs=None):
        seconds = self._trained_s or time.perf_counter() - self._began
        step = epoch + 1
        model: Any = self.model
        is_last = step == self.recipe.epochs or model.stop_training
        self._write_scalars(logs or {}, seconds, step)
        if is_last or step in self.histograms:
            self._write_histograms(step)
        if is_last or step == 1:
            self._write_pictures(self.gallery.of_weights(), step)
        if is_last:
            predictions = self.predictor.predictions()
            self._write_pictures(self.gallery.of_one_example(), step)
            self._write_pictures(self.gallery.of_predictions(predictions), step)
            self._write_projector(predictions)
        for file in self.files.values():
            file.flush()

    @or_a_warning
    def finish(self, metrics: Mapping[str, float], epochs: int) -> None:
        """Writes the metrics of the test split, by which runs are compared, and closes the files.

        Args:
            metrics: of the test split.
            epochs: that the network was trained for.
        """
        tested = {f"test/{name}": value for name, value in metrics.items()}
        self._file().scalars(tested, epochs)
        self._file().summary(summary.session_end_pb(api_pb2.STATUS_SUCCESS))
        for file in self.files.values():
            file.close()

    def _write_once(self) -> None:
        file = self._file()
        file.graph(network_graph(self.model))
        file.text("recipe", recipe_table(self.record))
        name = "/".join(self.directory.parts[-2:])
        file.summary(summary_v2.hparams_pb(hyperparameters(self.record), trial_id=name))

    def _write_scalars(self, logs: dict[str, float], seconds: float, step: int) -> None:
        model: Any = self.model
        train = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith("val_")}
        validation = {f"epoch_{name[4:]}": logs[name] for name in logs if name.startswith("val_")}
        train["learning_rate"] = float(to_numpy(model.optimizer.learning_rate))
        train["examples_per_second"] = self.examples / seconds
        self._file("train").scalars(train, step)
        if validation:
            self._file("validation").scalars(validation, step)

    def _write_histograms(self, step: int) -> None:
        model: Any = self.model
        file = self._file("train")
        activations, gradients = self.probe.look()
        file.scalars({"gradient_norm": gradient_norm(gradients)}, step)
        weights = {w.path: to_numpy(w.value) for w in model.trainable_variables}
        for kind, arrays in (("weights", weights), ("activations", activations), ("gradients", gradients)):
            file.histograms({f"{kind}/{name}": array for name, array in arrays.items()}, step)

    def _write_pictures(self, pictures: Iterable[Picture], step: int) -> None:
        for tag, figure, sentence in pictures:
            self._file().image(tag, figure, step, sentence)

    def _write_projector(self, predictions: Predictions) -> None:
        split, data = self.predictor.split, self.task.data
        labels = self.task.class_names_of(split.labels) if data.class_names else predictions.labels
        right = (a == b for a, b in zip(predictions.labels, predictions.predictions, strict=True))
        columns = {
            "label": labels,
            "answer": predictions.predictions,
            "right": ["yes" if one else "no" for one in right],
        }
        if split.texts:
            columns["text"] = split.texts
        images = split.inputs if data.modality == "image" else None
        write_projector(self.directory, "penultimate layer", predictions.features, columns, images)

    def _file(self, part: str = "") -> EventFile:
        """The event file of a part of the run, made when it is first written to."""
        if part not in self.files:
            self.files[part] = EventFile(self.directory / part, self.first_step)
        return self.files[part]


def occasions(epochs: int, most: int) -> set[int]:
    """Numbers of at most so many epochs, from 1, evenly spread, the first and the last among them."""
    return {round(place) for place in np.linspace(1, epochs, min(most, epochs))}

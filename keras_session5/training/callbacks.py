"""Callbacks of `fit` that every run has."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import keras

from keras_session5.disk import written_whole
from keras_session5.errors import TrainingError
from keras_session5.training import distributed
from keras_session5.training.runs import Run

Logs = dict[str, float] | None


class StopWhenClean(keras.callbacks.Callback):
    """Stops training after the first epoch without a wrong prediction."""

    def on_epoch_end(self, epoch: int, logs: Logs = None):
        self.model.stop_training = is_clean(logs or {})


def is_clean(logs: dict[str, float]) -> bool:
    """Returns whether an epoch with these metrics is free of mistakes.

    Keras computes the metrics of an epoch from the predictions before each update: with a batch size of
    one, accuracy 1 is Rosenblatt's clean epoch.
    """
    return logs.get("accuracy") == 1.0


class Trials(keras.callbacks.Callback):
    """Records for every single example whether its prediction was right, before the network learns from it.

    The demonstration of the perceptron in 1958 was counted in the same way: fifty cards, each right or
    wrong, and fewer wrong towards the end.
    """

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_epoch_begin(self, epoch: int, logs: Logs = None):
        self._trials, self._num_right = [], 0

    def on_train_batch_end(self, batch: int, logs: Logs = None):
        # The accuracy is the mean of the epoch so far: the difference of two sums is this trial's.
        num_right = round((logs or {})["accuracy"] * (batch + 1))
        self._trials.append(num_right - self._num_right)
        self._num_right = num_right

    def on_epoch_end(self, epoch: int, logs: Logs = None):
        before = self.run.record.get("trials", [])[: epoch * len(self._trials)]
        self.run.save(trials=before + self._trials)


class StopOnNaN(keras.callbacks.Callback):
    """Stops training with a `TrainingError` when the loss is NaN or infinite.

    Args:
        learning_rate: of the recipe.
    """

    def __init__(self, learning_rate: float):
        super().__init__()
        self.learning_rate = learning_rate

    def on_epoch_begin(self, epoch: int, logs: Logs = None):
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None):
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            # Several steps are one execution, of which the last may be beyond the epoch.
            step = min(batch + 1, self.params["steps"])
            raise TrainingError(
                f"The loss became {loss} by step {step} of epoch {self._epoch + 1}. The run stops and "
                "cannot be exported. Try a lower learning rate, for example "
                f"learning_rate={self.learning_rate / 10:.2g}."
            )


class Checkpoint(keras.callbacks.Callback):
    """Saves the weights and the optimiser's state after each epoch, and deletes the previous checkpoint.

    The file is written under a temporary name and renamed, so `epoch-00012.weights.h5` is always complete.
    Its name alone tells how many epochs are done: no second file can contradict it.

    Args:
        run: gets the metrics and the seconds of each epoch.
        compile_seconds: returns the time spent on compiling so far, which does not count as an epoch's.
    """

    def __init__(self, run: Run, compile_seconds: Callable[[], float]):
        super().__init__()
        self.run, self.compile_seconds = run, compile_seconds

    def on_train_begin(self, logs: Logs = None):
        self._begin = time.perf_counter() - self.run.record["seconds"]

    def on_epoch_begin(self, epoch: int, logs: Logs = None):
        self._epoch_begin = time.perf_counter() - self.compile_seconds()
        # Dropout draws from counters that are not part of the weights. They start from the epoch's number,
        # so that a resumed run drops the same units as an uninterrupted one.
        for variable in self.model.variables:
            if variable.path.endswith("seed_generator_state"):
                state = keras.ops.convert_to_numpy(variable.value).copy()
                state[1] = (epoch << 20) & 0xFFFFFFFF
                variable.assign(state)

    def on_epoch_end(self, epoch: int, logs: Logs = None):
        logs = {key: float(value) for key, value in (logs or {}).items()}
        now = time.perf_counter()
        epoch_seconds = now - self.compile_seconds() - self._epoch_begin
        self.run.log_epoch(epoch, logs, round(now - self._begin, 3), round(epoch_seconds, 3))
        if not distributed.is_writer():
            return
        target = self.run.checkpoint_path(epoch + 1)
        with written_whole(target) as writing:
            self.model.save_weights(writing, overwrite=True)
        for other in self.run.checkpoints():
            if other != target:
                other.unlink()


def restore(model: keras.Model, checkpoint: Path) -> None:
    """Loads the weights and the optimiser's state that `Checkpoint` wrote."""
    model.load_weights(checkpoint)

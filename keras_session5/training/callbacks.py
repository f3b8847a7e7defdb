"""What happens between the batches and the epochs of `fit`."""

import math
import time
from pathlib import Path

import keras

from keras_session5.disk import written_whole
from keras_session5.errors import TrainingError
from keras_session5.training.runs import Run


class StopWhenClean(keras.callbacks.Callback):
    """Ends training with the first epoch in which no example was answered wrongly."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = is_clean(logs or {})


def is_clean(logs: dict[str, float]) -> bool:
    """Whether an epoch with these metrics had no mistake.

    The metrics of an epoch are those of its predictions as they were made, each before the update
    that followed it: with a batch size of one, accuracy 1 is Rosenblatt's clean epoch.
    """
    return logs.get("accuracy") == 1.0


class Trials(keras.callbacks.Callback):
    """Records of every single example whether it was answered rightly, before the network learned from it.

    So the perceptron of 1958 was shown: fifty cards, right or wrong, and fewer wrong towards the end.
    """

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_epoch_begin(self, epoch, logs=None):
        self._right, self._sum = [], 0

    def on_train_batch_end(self, batch, logs=None):
        # The accuracy so far is a mean: what it has become, less what it was, is this trial's.
        total = round((logs or {})["accuracy"] * (batch + 1))
        self._right.append(total - self._sum)
        self._sum = total

    def on_epoch_end(self, epoch, logs=None):
        before = self.run.record.get("trials", [])[: epoch * len(self._right)]
        self.run.save(trials=before + self._right)


class StopOnNaN(keras.callbacks.Callback):
    """Ends training with a sentence when the loss is no longer a number.

    Args:
        learning_rate: of the recipe.
    """

    def __init__(self, learning_rate: float):
        super().__init__()
        self.learning_rate = learning_rate

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise TrainingError(
                f"The loss became {loss} in step {batch + 1} of epoch {self._epoch + 1}. The run stops and "
                "nothing will be exported from it. Try a lower learning rate, for example "
                f"learning_rate={self.learning_rate / 10:.2g}."
            )


class Checkpoint(keras.callbacks.Callback):
    """Keeps the weights and the optimiser's state of the last finished epoch.

    They are written under another name and renamed: the file `epoch-00012.weights.h5` is whole
    whenever it is there, and its name says how many epochs are done. No second file has to agree.
    """

    def __init__(self, run: Run):
        super().__init__()
        self.run = run

    def on_train_begin(self, logs=None):
        self._begin = time.perf_counter() - self.run.record["seconds"]

    def on_epoch_begin(self, epoch, logs=None):
        # Dropout draws from counters that are not part of the weights: count from the epoch's number,
        # so that a resumed run drops what the uninterrupted one would have dropped.
        for variable in self.model.variables:
            if variable.path.endswith("seed_generator_state"):
                state = keras.ops.convert_to_numpy(variable.value).copy()
                state[1] = (epoch << 20) & 0xFFFFFFFF
                variable.assign(state)

    def on_epoch_end(self, epoch, logs=None):
        logs = {key: float(value) for key, value in (logs or {}).items()}
        self.run.log_epoch(epoch, logs, seconds=round(time.perf_counter() - self._begin, 3))
        target = self.run.checkpoint_path(epoch + 1)
        with written_whole(target) as writing:
            self.model.save_weights(writing, overwrite=True)
        for other in self.run.checkpoints():
            if other != target:
                other.unlink()


def restore(model: keras.Model, checkpoint: Path) -> None:
    """Loads the weights and the optimiser's state that `Checkpoint` wrote."""
    model.load_weights(checkpoint)

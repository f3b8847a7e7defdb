"""Forecasting: the next value of a series."""

import numpy as np

from keras_session5.data import Split
from keras_session5.tasks.task import Predictions, Task, check_loss, check_without_classes
from keras_session5.tasks.tracing import trace


class Forecasting(Task):
    """The next value of a series."""

    @property
    def horizon(self) -> int:
        """The number of values after each window that the data set knows."""
        return self.data.train.labels.shape[1]

    def batch(self, inputs, labels, rng):
        return inputs, labels[:, :1]

    def check_recipe(self, recipe, num_outputs):
        check_loss(recipe, ["mean_squared_error"], num_outputs)
        check_without_classes(recipe)

    def compile_arguments(self, recipe):
        return {"loss": "mean_squared_error", "metrics": []}

    def complete_metrics(self, model, split, metrics):
        """Adds what the errors are to be compared with: the noise, the last value, a linear forecast.

        `loss` is the mean squared error one step ahead, `loss_all_steps` that of the forecasts of all H next
        values, each of which goes on from the forecasts before it.
        """
        last = split.inputs[:, -1]
        linear = _autoregression(self.data.train, split)
        found = dict(metrics) | {
            "linear_autoregression": _mean_square(linear - split.labels[:, 0]),
            "last_value": _mean_square(last - split.labels[:, :1]),
            "loss_all_steps": _mean_square(self.forecast(model, split.inputs) - split.labels),
            "last_value_all_steps": _mean_square(last - split.labels),
        }
        if self.data.noise_floor is not None:
            found["noise_floor"] = self.data.noise_floor
        return found

    def forecast(self, model, series: np.ndarray) -> np.ndarray:
        """Returns the next values (N, H) of series (N, T, 1), each from the forecasts before it."""
        from keras_session5.models.simple_rnn_waves import forecast

        return trace(lambda windows: forecast(model, windows, self.horizon))(series)

    def predictions(self, split, batch, outputs, features):
        targets, values = batch[1][:, 0], outputs[:, 0]
        return Predictions(
            inputs=split.inputs,
            labels=[round(float(value), 3) for value in targets],
            predictions=[round(float(value), 3) for value in values],
            losses=np.square(targets - values),
            features=features,
        )


def _autoregression(train: Split, split: Split) -> np.ndarray:
    """Forecasts (N,) of the linear function of the window that is best on the training split."""
    fitted, windows = (np.pad(s.inputs[..., 0], [(0, 0), (0, 1)], constant_values=1) for s in (train, split))
    return windows @ np.linalg.lstsq(fitted, train.labels[:, 0], rcond=None)[0]


def _mean_square(error: np.ndarray) -> float:
    return float(np.mean(np.square(error, dtype="float64")))

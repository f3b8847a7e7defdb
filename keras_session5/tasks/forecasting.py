"""Forecasting: the next value of a series."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_session5.catalog import Recipe
from keras_session5.data import Split
from keras_session5.tasks.base import Predictions, Task, check_loss, check_without_classes
from keras_session5.tasks.tracing import trace


class Forecasting(Task):
    """The next value of a series."""

    @property
    def horizon(self) -> int:
        """Number of target values after each window of the data set."""
        return self.data.train.labels.shape[1]

    def examples(self, inputs: np.ndarray, labels: np.ndarray) -> tuple:
        return inputs, labels[:, :1]

    def check_recipe(self, recipe: Recipe, num_outputs: int) -> None:
        check_loss(recipe, ["mean_squared_error"], num_outputs)
        check_without_classes(recipe)

    def compile_arguments(self, recipe: Recipe) -> dict[str, Any]:
        import keras

        return {"loss": keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"), "metrics": []}

    def complete_metrics(self, model: Any, split: Split, metrics: Mapping[str, float]) -> dict[str, float]:
        """Adds the baselines for the errors: the noise, the last value and a linear forecast.

        `loss` is the mean squared error one step ahead, `loss_all_steps` that of the next H values, each
        forecast from the forecasts before it.
        """
        last = split.inputs[:, -1]
        linear = _forecast_linearly(self.data.train, split)
        completed = dict(metrics) | {
            "linear_autoregression": _mean_square(linear - split.labels[:, 0]),
            "last_value": _mean_square(last - split.labels[:, :1]),
            "loss_all_steps": _mean_square(self.forecast(model, split.inputs) - split.labels),
            "last_value_all_steps": _mean_square(last - split.labels),
        }
        if self.data.noise_floor is not None:
            completed["noise_floor"] = self.data.noise_floor
        return completed

    def forecast(self, model: Any, series: np.ndarray) -> np.ndarray:
        """Returns the next values (N, H) of series (N, T, 1), each forecast from the forecasts before it."""
        from keras_session5.models.simple_rnn_waves import forecast

        return trace(lambda windows: forecast(model, windows, self.horizon))(series)

    def predictions(
        self, split: Split, batch: tuple, outputs: np.ndarray, features: np.ndarray
    ) -> Predictions:
        targets, values = batch[1][:, 0], outputs[:, 0]
        return Predictions(
            inputs=split.inputs,
            labels=[round(float(value), 3) for value in targets],
            predictions=[round(float(value), 3) for value in values],
            losses=np.square(targets - values),
            features=features,
        )


def _forecast_linearly(train: Split, split: Split) -> np.ndarray:
    """Returns forecasts (N,) by linear autoregression, fitted to the training split."""
    fitted, windows = (np.pad(s.inputs[..., 0], [(0, 0), (0, 1)], constant_values=1) for s in (train, split))
    return windows @ np.linalg.lstsq(fitted, train.labels[:, 0], rcond=None)[0]


def _mean_square(error: np.ndarray) -> float:
    return float(np.mean(np.square(error, dtype="float64")))

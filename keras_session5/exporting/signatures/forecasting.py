"""Signatures of forecasting networks."""

import keras
import tensorflow as tf

from keras_session5 import introspection
from keras_session5.exporting.reading import check_inputs
from keras_session5.exporting.signatures.base import EXAMPLES, Signature, serving_default
from keras_session5.exporting.signatures.inside import Inside, explain, look_inside
from keras_session5.models.simple_rnn_waves import forecast
from keras_session5.tasks import Forecasting


def make_signatures(model: keras.Model, task: Forecasting) -> dict[str, Signature]:
    """Returns the signatures by name, with `forecast` for several values ahead."""
    return {
        "serving_default": serving_default(model, task),
        "forecast": _forecast(model, task),
        "explain": explain(model, task, _look_inside(model)),
    }


def _forecast(model: keras.Model, task: Forecasting) -> Signature:
    """Makes `forecast`: a series -> its next values, up to the data set's horizon."""

    def call(series):
        (series,) = check_inputs(model, series)
        return {"forecast": forecast(model, series, task.horizon)}

    series = task.data.test.inputs[:EXAMPLES]
    spec = tf.TensorSpec(model.inputs[0].shape, tf.float32, "series")
    return Signature(call, [spec], {"series": series}, {"forecast": task.forecast(model, series)})


def _look_inside(model: keras.Model) -> Inside:
    """Adds the forecasts of recurrent networks for every prefix, from the state after it."""
    if not introspection.state_tensors(model):
        return look_inside(model)
    head = model.layers[-1]
    return look_inside(model, extra=lambda outputs, _: {"prefix_forecasts": head(outputs["states"])[:, :, 0]})

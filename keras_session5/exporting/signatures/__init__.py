"""Signatures of exported networks, as TensorFlow functions.

They are made from a `keras.Model` and a task. Each task has a file of the same name as in `tasks`; `own.py`
makes the signatures of models that have none.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from keras_session5 import tasks
from keras_session5.exporting.signatures import (
    classification,
    forecasting,
    language_model,
    masked_language_model,
    translation,
)
from keras_session5.exporting.signatures.base import EXAMPLES, Signature, example_inputs, predict
from keras_session5.tasks import Task

__all__ = ["EXAMPLES", "Signature", "example_inputs", "make_signatures", "predict"]

_MAKERS: Mapping[type[Task], Callable[[Any, Any], dict[str, Signature]]] = {
    tasks.Classification: classification.make_signatures,
    tasks.Forecasting: forecasting.make_signatures,
    tasks.LanguageModel: language_model.make_signatures,
    tasks.MaskedLanguageModel: masked_language_model.make_signatures,
    tasks.Translation: translation.make_signatures,
}


def make_signatures(model: keras.Model, task: Task) -> dict[str, Signature]:
    """Returns the signatures of a network by name.

    Every network has `serving_default`, with its own inputs and outputs, and `explain`, which adds the
    tensors inside. Networks on images have `from_image_bytes` and `explain_image_bytes`, networks on text
    `from_text` and `explain_text`, which return a label or a text. A language model also has `sample`, a
    network on series `forecast`.
    """
    return _MAKERS[type(task)](model, task)

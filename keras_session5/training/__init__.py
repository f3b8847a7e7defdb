"""Training: from a recipe to a fitted model and the record of its run.

Importing this package imports neither TensorFlow nor Keras; training does.
"""

from keras_session5.training.evaluate import evaluate
from keras_session5.training.result import Result, load_result, set_by_hand
from keras_session5.training.texts import generate, translate
from keras_session5.training.train import train

__all__ = ["Result", "evaluate", "generate", "load_result", "set_by_hand", "train", "translate"]

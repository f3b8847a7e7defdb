"""Export: from a trained network or any Keras model to a version folder that TensorFlow Serving can load."""

from keras_session5.exporting.comparison import TOLERANCE, max_difference, rows_independent
from keras_session5.exporting.writer import ask_saved_model, export, is_own, load_signatures

__all__ = [
    "TOLERANCE",
    "ask_saved_model",
    "export",
    "is_own",
    "load_signatures",
    "max_difference",
    "rows_independent",
]

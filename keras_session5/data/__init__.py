"""Data sets: one function that loads any of them, and a folder for each one that needs no internet.

Importing this package imports neither TensorFlow nor TensorFlow Datasets; loading a data set does.
"""

from keras_session5.data.dataset import DataSet, Framing, Split, subset
from keras_session5.data.loader import load_data
from keras_session5.data.registry import DATA_SETS

__all__ = ["DATA_SETS", "DataSet", "Framing", "Split", "load_data", "subset"]

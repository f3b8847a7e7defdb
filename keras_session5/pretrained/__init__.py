"""Published weights: from a folder in Hugging Face's layout to a network of the catalogue.

Importing this package imports neither TensorFlow nor Keras; loading does. Nothing is ever downloaded, except
by `download`.
"""

from keras_session5.pretrained.download import download
from keras_session5.pretrained.families import FAMILIES
from keras_session5.pretrained.load import load_weights
from keras_session5.pretrained.result import Imported

__all__ = ["FAMILIES", "Imported", "download", "load_weights"]

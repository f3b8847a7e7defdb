"""TensorBoard's files for a training, of a run of the catalogue or of any Keras model.

A run's directory holds the graph, the recipe, the pictures and the projector; its folders `train` and
`validation` hold the scalars of every epoch, and `train` the histograms. Steps count finished epochs.
"""

from keras_session5.dashboard.callback import Dashboard
from keras_session5.dashboard.catalogue import CatalogueRun
from keras_session5.dashboard.profile import Profile

__all__ = ["CatalogueRun", "Dashboard", "Profile"]

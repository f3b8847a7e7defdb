"""What a training run shows in TensorBoard.

A run's directory holds the graph, the recipe, the pictures and the projector; its folders `train` and
`validation` the scalars of every epoch, `train` the histograms too. Steps count finished epochs.
"""

from keras_session5.dashboard.callback import Dashboard
from keras_session5.dashboard.profile import Profile

__all__ = ["Dashboard", "Profile"]

"""The catalogue: one entry per network, in the order of the course.

The command line, training, export, `serving/models.config`, the README's table and the tests iterate over
`NETWORKS`. Importing this package imports neither TensorFlow nor Keras.
"""

from collections.abc import Mapping
from typing import Any

from keras_session5 import checks
from keras_session5.catalog import convolutions, neurons, recurrent, transformers
from keras_session5.catalog.entry import Network, Recipe, Tensor

__all__ = ["NETWORKS", "Network", "Recipe", "Tensor", "build", "network"]

NETWORKS: Mapping[str, Network] = {
    entry.name: entry for part in (neurons, convolutions, recurrent, transformers) for entry in part.NETWORKS
}


def network(name: str) -> Network:
    """Returns the entry of a network.

    Raises:
        ArgumentError: if there is no such entry; the message suggests the nearest name.
    """
    return NETWORKS[checks.one_of("name", name, NETWORKS)]


def build(name: str, **arguments: Any) -> Any:
    """Builds a network of the catalogue.

    Args:
        name: catalogue name, such as `"lenet5"`.
        **arguments: arguments of its builder; the default values are those of the catalogue.

    Returns:
        An uncompiled `keras.Model`.

    Raises:
        ArgumentError: for an unknown name or an invalid argument.

    Example:
        >>> build("lenet5", num_classes=10).count_params()
        61706
    """
    return network(name).build(**arguments)

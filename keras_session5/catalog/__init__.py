"""The catalogue: one entry per network, in the order of the course.

The command line, training, export, `serving/models.config`, the table in docs/networks.md and the tests
iterate over `NETWORKS`. Importing this package imports neither TensorFlow nor Keras.

Networks of other packages join it: each entry point of the group `keras_session5.networks` names a `Network`,
or several in a list.
"""

import logging
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from keras_session5 import checks
from keras_session5.catalog import convolutions, neurons, recurrent, transformers
from keras_session5.catalog.entry import Network, Recipe, Tensor
from keras_session5.errors import ArgumentError

__all__ = ["NETWORKS", "Network", "Recipe", "Tensor", "build", "network", "register"]

logger = logging.getLogger("keras_session5")

_networks: dict[str, Network] = {
    entry.name: entry for part in (neurons, convolutions, recurrent, transformers) for entry in part.NETWORKS
}
NETWORKS: Mapping[str, Network] = _networks


def register(entry: Network) -> Network:
    """Adds a network of your own to the catalogue of this process, so that it is built and trained by name.

    Args:
        entry: its `builder` is a function, or the name of one, such as `"my_package.networks:build_mine"`.

    Returns:
        The entry.

    Raises:
        ArgumentError: for something else than an entry, or for a name that another network has.
    """
    if not isinstance(entry, Network):
        raise ArgumentError(f"`entry` must be a keras_session5.Network. Received: {entry!r}")
    if _networks.get(entry.name, entry) != entry:
        raise ArgumentError(
            f"`entry` must have a name of its own: {entry.name} is another network of the catalogue. "
            f"Received: {entry.title!r}"
        )
    _networks[entry.name] = entry
    return entry


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


def _register_entry_points() -> None:
    """Adds the networks of other packages. A warning names those that fail, so that the others work."""
    for point in metadata.entry_points(group="keras_session5.networks"):
        try:
            found = point.load()
            for entry in [found] if isinstance(found, Network) else found:
                register(entry)
        except Exception as error:
            logger.warning("The networks of the entry point %s were left out: %s", point.value, error)


_register_entry_points()

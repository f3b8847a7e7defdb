"""Inputs and outputs that several networks share."""

from keras_session5.catalog.entry import Tensor

BITS = {"inputs": Tensor("float32", (None, 2))}
IMAGE = {"image": Tensor("float32", (None, 28, 28, 1))}
TOKENS = {"tokens": Tensor("int32", (None, None))}
SOURCE_AND_TARGET = {"source": Tensor("int32", (None, None)), "target": Tensor("int32", (None, None))}
FIRES = {"fires": Tensor("float32", (None, 1))}


def probabilities(count: int) -> dict[str, Tensor]:
    """Returns the output of a classifier with `count` classes."""
    return {"probabilities": Tensor("float32", (None, count))}


def logits(count: int) -> dict[str, Tensor]:
    """Returns the output of a model with `count` tokens."""
    return {"logits": Tensor("float32", (None, None, count))}

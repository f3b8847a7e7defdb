"""The two-input Boolean functions as a TFDS data set, one configuration for each."""

import numpy as np
import tensorflow_datasets as tfds

from keras_session5.data.builder import GeneratedBuilder
from keras_session5.data.logic_gates.gates import GATES


class Builder(GeneratedBuilder):
    """Truth tables of four rows.

    The training and test splits contain the same four rows, because a truth table has no other inputs.
    """

    BUILDER_CONFIGS = [
        tfds.core.BuilderConfig(name=gate, description=f"Outputs for 00, 01, 10, 11: {outputs}")
        for gate, outputs in GATES.items()
    ]
    DESCRIPTION = "The sixteen Boolean functions of two inputs."
    FEATURES = {
        "vector": tfds.features.Tensor(shape=(2,), dtype=np.float32),
        "label": tfds.features.ClassLabel(names=["0", "1"]),
    }

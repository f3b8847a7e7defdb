"""The two-input Boolean functions as a TFDS data set, one configuration for each."""

import numpy as np
import tensorflow_datasets as tfds

from keras_session5.data.logic_gates.gates import GATES, ROWS


class Builder(tfds.core.GeneratorBasedBuilder):
    """Truth tables of four rows.

    The training and the test split are the same four rows: a truth table is the whole population,
    so that there is nothing else a network could be asked.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 - TFDS reads a list
        tfds.core.BuilderConfig(name=gate, description=f"Answers to 00, 01, 10, 11: {answers}")
        for gate, answers in GATES.items()
    ]

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="The sixteen Boolean functions of two inputs.",
            features=tfds.features.FeaturesDict(
                {
                    "vector": tfds.features.Tensor(shape=(2,), dtype=np.float32),
                    "label": tfds.features.ClassLabel(names=["0", "1"]),
                }
            ),
            supervised_keys=("vector", "label"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(), "test": self._generate_examples()}

    def _generate_examples(self):
        answers = GATES[str(self.builder_config_name)]
        for row, (inputs, answer) in enumerate(zip(ROWS, answers, strict=True)):
            yield row, {"vector": np.array(inputs, np.float32), "label": answer}

"""The common base of the package's TFDS builders. Importing this module imports TFDS."""

from collections.abc import Mapping
from importlib import metadata
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from keras_session5.data.columns import Columns
from keras_session5.data.generated import make_examples

TEXT_PAIR: Mapping[str, Any] = {"text": tfds.features.Text(), "target": tfds.features.Text()}


class GeneratedBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]
    """Stores a data set that needs no internet.

    A subclass is in a folder with the name of the data set, beside the file `examples.py` that generates the
    samples, and sets the attributes below.

    Attributes:
        DESCRIPTION: one line.
        FEATURES: column -> TFDS feature; the first is the input, the second the label.
    """

    VERSION = tfds.core.Version("1.0.0")
    DESCRIPTION: ClassVar[str]
    FEATURES: ClassVar[Mapping[str, Any]]

    def _info(self) -> tfds.core.DatasetInfo:
        feature, label = self.FEATURES
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.DESCRIPTION,
            features=tfds.features.FeaturesDict(dict(self.FEATURES)),
            supervised_keys=(feature, label),
            disable_shuffling=True,  # `examples.py` determines the order
        )

    def _split_generators(self, dl_manager):
        examples = make_examples(self.name, self.builder_config_name)
        return {split: self._generate_examples(columns) for split, columns in examples.items()}

    def _generate_examples(self, columns: Columns):
        for i, values in enumerate(zip(*columns.values(), strict=True)):
            yield i, dict(zip(columns, values, strict=True))


def package_configs(package: str) -> list[tfds.core.BuilderConfig]:
    """Returns the single configuration of a data set that a package contains.

    Its name includes the package's version, which keeps data from different versions apart.
    """
    return [tfds.core.BuilderConfig(name=f"{package}-{metadata.version(package)}")]

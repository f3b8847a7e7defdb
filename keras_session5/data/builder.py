"""The common base of the package's TFDS builders. Importing this module imports TFDS."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any, ClassVar

import tensorflow_datasets as tfds

TEXT_PAIR: Mapping[str, Any] = {"text": tfds.features.Text(), "target": tfds.features.Text()}


class GeneratedBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]
    """Builds a data set without internet access, from a library's copy or from a seed.

    A subclass is in a folder with the name of the data set. It sets the attributes below and returns the
    samples of each split from `splits`.

    Attributes:
        DESCRIPTION: one line.
        FEATURES: name -> TFDS feature; the first is the input, the second the label.
        ORDERED: whether the prepared samples keep their order; otherwise TFDS shuffles them.
    """

    VERSION = tfds.core.Version("1.0.0")
    DESCRIPTION: ClassVar[str]
    FEATURES: ClassVar[Mapping[str, Any]]
    ORDERED: ClassVar[bool] = True

    def splits(self) -> Mapping[str, Iterable[tuple[Any, ...]]]:
        """Returns split -> samples, each a tuple of values in the order of `FEATURES`."""
        raise NotImplementedError

    def _info(self) -> tfds.core.DatasetInfo:
        feature, label = self.FEATURES
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.DESCRIPTION,
            features=tfds.features.FeaturesDict(dict(self.FEATURES)),
            supervised_keys=(feature, label),
            disable_shuffling=self.ORDERED,
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(examples) for split, examples in self.splits().items()}

    def _generate_examples(self, examples: Iterable[tuple[Any, ...]]):
        for i, values in enumerate(examples):
            # TFDS shuffles by the hash of the key, here the text.
            yield i if self.ORDERED else values[0], dict(zip(self.FEATURES, values, strict=True))


def package_configs(package: str) -> list[tfds.core.BuilderConfig]:
    """Returns the single configuration of a data set that a package contains.

    Its name includes the package's version, which keeps data from different versions apart.
    """
    return [tfds.core.BuilderConfig(name=f"{package}-{metadata.version(package)}")]

"""What the package's own TFDS builders share. Importing this module imports TFDS."""

from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any, ClassVar

import tensorflow_datasets as tfds

TEXT_PAIR: Mapping[str, Any] = {"text": tfds.features.Text(), "target": tfds.features.Text()}


class GeneratedBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # pyright: ignore[reportGeneralTypeIssues, reportCallIssue]
    """Builds a data set without a network, from a library's copy or from a seed.

    A subclass has a folder of its own, which bears the data set's name, states what is written, and gives
    the examples of each split in `splits`.

    Attributes:
        DESCRIPTION: one line.
        FEATURES: name -> TFDS feature; the first is the input, the second the label.
        ORDERED: whether examples are read in the order in which they were generated.
    """

    VERSION = tfds.core.Version("1.0.0")
    DESCRIPTION: ClassVar[str]
    FEATURES: ClassVar[Mapping[str, Any]]
    ORDERED: ClassVar[bool] = True

    def splits(self) -> Mapping[str, Iterable[tuple[Any, ...]]]:
        """Split -> examples, each a tuple of the values of `FEATURES` in their order."""
        raise NotImplementedError

    def _info(self):
        given, label = self.FEATURES
        return tfds.core.DatasetInfo(
            builder=self,
            description=self.DESCRIPTION,
            features=tfds.features.FeaturesDict(dict(self.FEATURES)),
            supervised_keys=(given, label),
            disable_shuffling=self.ORDERED,
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(examples) for split, examples in self.splits().items()}

    def _generate_examples(self, examples: Iterable[tuple[Any, ...]]):
        for i, values in enumerate(examples):
            # TFDS shuffles by the key: that of a text is the text itself.
            yield i if self.ORDERED else values[0], dict(zip(self.FEATURES, values, strict=True))


def copy_of(package: str) -> list[tfds.core.BuilderConfig]:
    """The one configuration of data that a package ships.

    It bears the package's version, so that data from another version are never taken for these.
    """
    return [tfds.core.BuilderConfig(name=f"{package}-{metadata.version(package)}")]

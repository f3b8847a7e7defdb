"""scikit-learn's bundled copy of the UCI handwritten digits as a TFDS data set."""

from importlib import metadata

import numpy as np
import tensorflow_datasets as tfds

from keras_session5.data.digits.scaling import scale_to_28x28

_NUM_TRAIN = 898  # the first half: the split of scikit-learn's documentation, which others report results for


class Builder(tfds.core.GeneratorBasedBuilder):
    """1,797 digits, 28 x 28 x 1, 0..255: the first 898 to train on, the last 899 to test on, unshuffled.

    The writers of the two halves differ in part, which is why the split is harder than a random one.
    The configuration bears scikit-learn's version, so that a copy made with another is never taken for
    this one.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49 (CC BY 4.0); the copy holds its test part.
    """

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 - TFDS reads a list
        tfds.core.BuilderConfig(name=f"scikit-learn-{metadata.version('scikit-learn')}")
    ]

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Handwritten digits (UCI), scaled from 8 x 8 to 28 x 28.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(28, 28, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        from sklearn.datasets import load_digits

        digits = load_digits()
        images = scale_to_28x28(digits.images)
        return {
            "train": self._generate_examples(images[:_NUM_TRAIN], digits.target[:_NUM_TRAIN]),
            "test": self._generate_examples(images[_NUM_TRAIN:], digits.target[_NUM_TRAIN:]),
        }

    def _generate_examples(self, images: np.ndarray, labels: np.ndarray):
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield i, {"image": image, "label": int(label)}

"""scikit-learn's bundled copy of the UCI handwritten digits as a TFDS data set."""

import tensorflow_datasets as tfds

from keras_session5.data.builder import GeneratedBuilder, package_configs


class Builder(GeneratedBuilder):
    """1,797 digits, 28 x 28 x 1, 0..255: the first 898 for training and the last 899 for testing, unshuffled.

    The two halves come partly from different writers, which makes this split harder than a random one.

    Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49 (CC BY 4.0); the copy contains its test part.
    """

    BUILDER_CONFIGS = package_configs("scikit-learn")
    DESCRIPTION = "Handwritten digits (UCI), scaled from 8 x 8 to 28 x 28."
    FEATURES = {
        "image": tfds.features.Image(shape=(28, 28, 1)),
        "label": tfds.features.ClassLabel(num_classes=10),
    }

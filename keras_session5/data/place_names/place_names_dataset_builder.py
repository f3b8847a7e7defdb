"""Names labelled with their language, from Babel, as a TFDS data set."""

import tensorflow_datasets as tfds

from keras_session5.data.builder import GeneratedBuilder, package_configs
from keras_session5.data.place_names.names import LANGUAGES


class Builder(GeneratedBuilder):
    """About 13,800 names of territories, languages and currencies, each in exactly one of twenty languages.

    With character 1-4-grams, logistic regression has a test accuracy of 0.81 and a linear support vector
    machine of 0.82: names in related languages often differ in only one or two letters.

    Source: Unicode CLDR (https://cldr.unicode.org, Unicode License v3) as Babel ships it.
    """

    BUILDER_CONFIGS = package_configs("babel")
    DESCRIPTION = "Names of territories, languages and currencies in twenty languages."
    FEATURES = {"text": tfds.features.Text(), "label": tfds.features.ClassLabel(names=list(LANGUAGES))}

"""Dates in twenty languages and in ISO 8601, by Babel, as a TFDS data set."""

from keras_session5.data.builder import TEXT_PAIR, GeneratedBuilder, package_configs


class Builder(GeneratedBuilder):
    """30,000 + 1,500 + 2,000 dates from 1950 to 2049 in three formats and twenty languages, with ISO dates.

    The three splits have no days in common.

    Source: Unicode CLDR (https://cldr.unicode.org, Unicode License v3) as Babel ships it.
    """

    BUILDER_CONFIGS = package_configs("babel")
    DESCRIPTION = "Dates in three formats and twenty languages, with ISO 8601 dates."
    FEATURES = TEXT_PAIR

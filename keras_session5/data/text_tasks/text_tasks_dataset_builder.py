"""The names of `place_names` and the dates of `dates` as one TFDS data set of text to text."""

from keras_session5.data.builder import TEXT_PAIR, GeneratedBuilder, package_configs


class Builder(GeneratedBuilder):
    """27,532 pairs, half "language: Frankreich" -> "German", half "iso: 12 mars 2020" -> "2020-03-12".

    The splits are those of the two data sets.

    Source: Unicode CLDR (https://cldr.unicode.org, Unicode License v3) as Babel ships it.
    """

    BUILDER_CONFIGS = package_configs("babel")
    DESCRIPTION = "The language of a name and the ISO form of a date, selected by a prefix."
    FEATURES = TEXT_PAIR

"""The names of `place_names` and the dates of `dates` as one TFDS data set of text to text."""

from keras_session5.data.builder import TEXT_PAIR, GeneratedBuilder, copy_of
from keras_session5.data.text_tasks.tasks import task_pairs


class Builder(GeneratedBuilder):
    """As many "language: Frankreich" -> "German" as "iso: 12 mars 2020" -> "2020-03-12", 27,532 pairs in all.

    The splits are those of the two data sets, so that what is held out there is held out here.

    Source: Unicode CLDR (https://cldr.unicode.org, Unicode License v3) as Babel ships it.
    """

    BUILDER_CONFIGS = copy_of("babel")
    DESCRIPTION = "The language of a name and the ISO form of a date, told apart by a prefix."
    FEATURES = TEXT_PAIR
    ORDERED = False

    def splits(self):
        return {split: task_pairs(split).items() for split in ("train", "validation", "test")}

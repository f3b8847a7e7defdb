"""Two tasks as text to text; each source starts with the name of its task.

Reference: C. Raffel et al., Exploring the Limits of Transfer Learning with a Unified Text-to-Text
Transformer, JMLR 21, 2020.
"""

from keras_session5.data.characters import ALPHABET, DATE_ALPHABET, ISO_ALPHABET
from keras_session5.data.dates.days import date_pairs
from keras_session5.data.place_names.names import LANGUAGES, assign_split, names_by_language

LANGUAGE_PREFIX = "language: "
ISO_PREFIX = "iso: "

TASKS_ALPHABET = "".join(
    sorted({*ALPHABET, *DATE_ALPHABET, *ISO_ALPHABET, *LANGUAGE_PREFIX, *ISO_PREFIX, *"".join(LANGUAGES)})
)
"""The characters of the sources and targets of `text_tasks`, in the order of their ids."""


def task_pairs(split: str) -> dict[str, str]:
    """Returns source -> target for both tasks: all names of the split, then at most the same number of dates.

    Examples are "language: Frankreich" -> "German" and "iso: 12 mars 2020" -> "2020-03-12".

    Args:
        split: "train", "validation" or "test".
    """
    names = {
        LANGUAGE_PREFIX + name: language
        for language, group in names_by_language().items()
        for name in group
        if assign_split(name) == split
    }
    dates = list(date_pairs(split).items())[: len(names)]
    return names | {ISO_PREFIX + text: iso for text, iso in dates}

"""Dates in twenty languages, from Babel's copy of the CLDR, and in ISO 8601."""

import datetime
import unicodedata
from collections.abc import Iterator

import numpy as np

from keras_session5.data.place_names.names import LANGUAGES, assign_split

FIRST_DAY = datetime.date(1950, 1, 1)
LAST_DAY = datetime.date(2049, 12, 31)
FORMATS = ("full", "long", "medium")
NUM_PAIRS = {"train": 30_000, "validation": 1_500, "test": 2_000}

_SEEDS = {"train": 1, "validation": 2, "test": 3}
_PLAIN_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))


def write_date(day: datetime.date, language: str, date_format: str) -> str:
    """Writes a date in a language, NFC, with plain spaces.

    Babel's no-break (U+00A0), narrow no-break (U+202F) and thin spaces (U+2009) become plain spaces: users do
    not type them, and their use differs between versions of the CLDR.

    Args:
        day: date from `FIRST_DAY` to `LAST_DAY`.
        language: one of `LANGUAGES`, such as "German".
        date_format: "full": "Donnerstag, 12. März 2020"; "long": "12. März 2020"; "medium": "12.03.2020".
            The CLDR's "short" is excluded: "03/04/20" is ambiguous and has no century.
    """
    from babel.dates import format_date  # deferred: slow, and the command line imports this module

    text = format_date(day, date_format, locale=LANGUAGES[language])
    return unicodedata.normalize("NFC", text.translate(_PLAIN_SPACES))


def date_pairs(split: str) -> dict[str, str]:
    """Returns distinct texts and their ISO dates, in a fixed random order.

    Each text has a random language and format. The SHA-256 of its ISO date assigns a day to one split, so
    that the test days do not occur in training. A day is repeated only after all others of the split.

    Args:
        split: "train" (30,000 texts), "validation" (1,500) or "test" (2,000).
    """
    rng = np.random.default_rng(_SEEDS[split])
    languages = tuple(LANGUAGES)
    pairs: dict[str, str] = {}
    for day in _repeat_days(split, rng):
        language = languages[rng.integers(len(languages))]
        text = write_date(day, language, FORMATS[rng.integers(len(FORMATS))])
        pairs[text] = day.isoformat()  # repeated texts do not count
        if len(pairs) == NUM_PAIRS[split]:
            break
    return pairs


def list_days(split: str) -> list[datetime.date]:
    """Returns the days of a split, in order: 80 % for "train", 10 % each for "validation" and "test"."""
    num_days = (LAST_DAY - FIRST_DAY).days + 1
    days = (FIRST_DAY + datetime.timedelta(i) for i in range(num_days))
    return [day for day in days if assign_split(day.isoformat()) == split]


def _repeat_days(split: str, rng: np.random.Generator) -> Iterator[datetime.date]:
    days = list_days(split)
    while True:
        for i in rng.permutation(len(days)):
            yield days[i]

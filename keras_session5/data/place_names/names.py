"""Names of territories, languages and currencies in twenty languages, from Babel's copy of the CLDR."""

import hashlib
import unicodedata
from collections import Counter
from typing import Any

LANGUAGES = {
    "Croatian": "hr",
    "Czech": "cs",
    "Danish": "da",
    "Dutch": "nl",
    "English": "en",
    "Estonian": "et",
    "Finnish": "fi",
    "French": "fr",
    "German": "de",
    "Hungarian": "hu",
    "Italian": "it",
    "Lithuanian": "lt",
    "Norwegian": "nb",
    "Polish": "pl",
    "Portuguese": "pt",
    "Romanian": "ro",
    "Slovak": "sk",
    "Spanish": "es",
    "Swedish": "sv",
    "Turkish": "tr",
}
"""English name -> CLDR code. All twenty use Latin letters: a second script would give itself away."""


def names_by_language() -> dict[str, list[str]]:
    """Returns the names that belong to exactly one of the twenty languages, NFC, sorted, by language.

    What several languages share ("Portugal", "Peru") has no right answer and is left out.
    """
    from babel import Locale  # here: the command line reads LANGUAGES and has no time for Babel

    names = {language: _names(Locale.parse(code)) for language, code in LANGUAGES.items()}
    num_languages = Counter(name for of_language in names.values() for name in of_language)
    return {
        language: sorted(name for name in of_language if num_languages[name] == 1)
        for language, of_language in names.items()
    }


def split_of(name: str) -> str:
    """Returns the split of a name: "train" (80 %), "validation" or "test" (10 % each).

    By the last decimal digit of its SHA-256, so that a name stays where it is whatever is added beside it.
    """
    digest = hashlib.sha256(name.encode()).digest()
    last_digit = int.from_bytes(digest, "big") % 10
    return {8: "validation", 9: "test"}.get(last_digit, "train")


def _names(locale: Any) -> set[str]:
    sources = (locale.territories, locale.languages, locale.currencies)
    names = {unicodedata.normalize("NFC", name).strip() for source in sources for name in source.values()}
    return {name for name in names if _is_a_name(name)}


def _is_a_name(name: str) -> bool:
    """Tells names from codes ("EMU", "EUA (XBC)") and from those with years ("peso (1975–1993)")."""
    has_digits = any(character.isdigit() for character in name)
    has_two_letters = sum(character.isalpha() for character in name) >= 2
    return has_two_letters and not has_digits and not name.isupper()

"""Names of territories, languages and currencies in twenty languages, from Babel's copy of the CLDR."""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
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
"""English name -> CLDR code. All use the Latin script: another would reveal the language by itself."""


def names_by_language() -> dict[str, list[str]]:
    """Returns the names that occur in exactly one of the twenty languages, NFC, sorted, by language.

    Names that several languages share ("Portugal", "Peru") have no unique label and are left out.
    """
    from babel import Locale  # deferred: the command line reads LANGUAGES, and Babel is slow to import

    names = {language: _collect_names(Locale.parse(code)) for language, code in LANGUAGES.items()}
    num_languages = Counter(name for group in names.values() for name in group)
    return {
        language: sorted(name for name in group if num_languages[name] == 1)
        for language, group in names.items()
    }


def assign_split(name: str) -> str:
    """Returns the split of a name: "train" (80 %), "validation" or "test" (10 % each).

    The split depends only on the last decimal digit of the name's SHA-256, and not on other names.
    """
    digest = hashlib.sha256(name.encode()).digest()
    last_digit = int.from_bytes(digest, "big") % 10
    return {8: "validation", 9: "test"}.get(last_digit, "train")


def shuffle(texts: Iterable[str], split: str) -> list[str]:
    """Returns texts in the order of the MD5 of the split's name and the text.

    TFDS shuffles in the same order. It must never change, because the weights of every run depend on it.
    """

    def digest(text: str) -> bytes:
        return hashlib.md5((split + text).encode(), usedforsecurity=False).digest()

    return sorted(texts, key=digest)


def _collect_names(locale: Any) -> set[str]:
    sources = (locale.territories, locale.languages, locale.currencies)
    names = {unicodedata.normalize("NFC", name).strip() for source in sources for name in source.values()}
    return {name for name in names if _is_name(name)}


def _is_name(name: str) -> bool:
    """Returns whether a text is neither a code ("EMU", "EUA (XBC)") nor has years ("peso (1975–1993)")."""
    has_digits = any(character.isdigit() for character in name)
    has_two_letters = sum(character.isalpha() for character in name) >= 2
    return has_two_letters and not has_digits and not name.isupper()

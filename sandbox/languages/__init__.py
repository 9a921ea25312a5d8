"""The languages that the writer writes, one file each."""

from __future__ import annotations

import re

from sandbox.languages.arabic import ARABIC
from sandbox.languages.chinese import CHINESE
from sandbox.languages.english import ENGLISH
from sandbox.languages.french import FRENCH
from sandbox.languages.german import GERMAN
from sandbox.languages.hindi import HINDI
from sandbox.languages.language import Language
from sandbox.languages.spanish import SPANISH
from sandbox.languages.urdu import URDU

LANGUAGES = {
    "en": ENGLISH, "ar": ARABIC, "de": GERMAN, "es": SPANISH, "fr": FRENCH, "hi": HINDI, "ur": URDU, "zh": CHINESE,
}  # fmt: skip


def language_of(tag: str) -> Language:
    """Return the language of a BCP 47 tag by its first part; English when it is not among them.

    What stands behind the tag does not matter: `ur`, `ur-PK` and `ur-PK (Urdu)` are the same.
    """
    first = re.match(r"\s*([A-Za-z]+)", tag)
    return LANGUAGES.get(first[1].lower(), ENGLISH) if first else ENGLISH

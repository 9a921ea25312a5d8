"""The languages that the writer writes, one file each."""

from __future__ import annotations

import re

from sandbox.languages.arabic import ARABIC
from sandbox.languages.chinese import CHINESE
from sandbox.languages.english import ENGLISH
from sandbox.languages.french import FRENCH
from sandbox.languages.german import GERMAN
from sandbox.languages.hebrew import HEBREW
from sandbox.languages.hindi import HINDI
from sandbox.languages.japanese import JAPANESE
from sandbox.languages.korean import KOREAN
from sandbox.languages.language import Language
from sandbox.languages.persian import PERSIAN
from sandbox.languages.russian import RUSSIAN
from sandbox.languages.spanish import SPANISH
from sandbox.languages.urdu import URDU

LANGUAGES = {
    "en": ENGLISH, "ar": ARABIC, "de": GERMAN, "es": SPANISH, "fa": PERSIAN, "fr": FRENCH, "he": HEBREW,
    "hi": HINDI, "ja": JAPANESE, "ko": KOREAN, "ru": RUSSIAN, "ur": URDU, "zh": CHINESE,
}  # fmt: skip

BY_SCRIPT = {"arab": PERSIAN, "cyrl": RUSSIAN, "deva": HINDI}  # who stands in for the others that are written alike
SCRIPT_OF = {
    "be": "cyrl", "bg": "cyrl", "kk": "cyrl", "mk": "cyrl", "sr": "cyrl", "uk": "cyrl",
    "ckb": "arab", "ps": "arab", "sd": "arab", "ug": "arab", "mr": "deva", "ne": "deva",
}  # fmt: skip


def language_of(tag: str) -> Language:
    """Return the language of a BCP 47 tag by its first part; otherwise one of the same script, or else English.

    A script in the tag goes before the usual one: `sr` is written in Russian, `sr-Latn` in English. What else stands
    behind the first part does not matter: `ur`, `ur-PK` and `ur-PK (Urdu)` are the same.
    """
    parts = re.match(r"\s*([A-Za-z]+)(?:[-_]([A-Za-z]{4})\b)?", tag)
    if parts is None:
        return ENGLISH
    first = parts[1].lower()
    script = parts[2].lower() if parts[2] else SCRIPT_OF.get(first, "")
    return LANGUAGES.get(first) or BY_SCRIPT.get(script, ENGLISH)

"""The languages that the writer writes, one file each."""

from __future__ import annotations

import re

from sandbox.languages.arabic import ARABIC
from sandbox.languages.chinese import CHINESE
from sandbox.languages.english import AS_GIVEN, ENGLISH
from sandbox.languages.french import FRENCH
from sandbox.languages.german import GERMAN
from sandbox.languages.hebrew import HEBREW
from sandbox.languages.hindi import HINDI
from sandbox.languages.japanese import JAPANESE
from sandbox.languages.korean import KOREAN
from sandbox.languages.language import Language
from sandbox.languages.letters import in_letters_of
from sandbox.languages.persian import PERSIAN
from sandbox.languages.russian import RUSSIAN
from sandbox.languages.spanish import SPANISH
from sandbox.languages.urdu import URDU

LANGUAGES = {
    "en": ENGLISH, "ar": ARABIC, "de": GERMAN, "es": SPANISH, "fa": PERSIAN, "fr": FRENCH, "he": HEBREW,
    "hi": HINDI, "ja": JAPANESE, "ko": KOREAN, "ru": RUSSIAN, "ur": URDU, "zh": CHINESE,
}  # fmt: skip

LATIN = 0x24F  # the last of the Latin letters
BY_SCRIPT = {  # who stands in for the others that are written alike
    "arab": PERSIAN, "cyrl": RUSSIAN, "deva": HINDI, "hang": KOREAN, "hani": CHINESE, "hans": CHINESE, "hant": CHINESE,
    "hebr": HEBREW, "jpan": JAPANESE, "kana": JAPANESE, "kore": KOREAN,
}  # fmt: skip
SCRIPT_OF = {
    "be": "cyrl", "bg": "cyrl", "kk": "cyrl", "mk": "cyrl", "sr": "cyrl", "uk": "cyrl",
    "ckb": "arab", "ps": "arab", "sd": "arab", "ug": "arab", "mr": "deva", "ne": "deva", "yi": "hebr", "yue": "hant",
    "am": "ethi", "as": "beng", "bn": "beng", "el": "grek", "gu": "gujr", "hy": "armn", "ka": "geor", "km": "khmr",
    "kn": "knda", "lo": "laoo", "ml": "mlym", "my": "mymr", "si": "sinh", "ta": "taml", "te": "telu", "th": "thai",
    "ti": "ethi",
}  # fmt: skip


def for_topic(language: Language, topic: str) -> Language:
    """Return the language as it speaks of this topic: English bends a topic into its sentences only if it can read it."""
    letters = [letter for letter in topic if letter.isalpha()]
    is_foreign = any(ord(letter) > LATIN for letter in letters)
    return AS_GIVEN if language is ENGLISH and is_foreign else language


def language_of(tag: str) -> Language:
    """Return the language of a BCP 47 tag by its first part; otherwise one of the same script, or sample text in it.

    English stands in for what is written in Latin letters, and for scripts that are not known here. A script in the tag
    goes before the usual one: `sr` is written in Russian, `sr-Latn` in English. What else stands behind the first part
    does not matter: `ur`, `ur-PK` and `ur-PK (Urdu)` are the same.
    """
    parts = re.match(r"\s*([A-Za-z]+)(?:[-_]([A-Za-z]{4})\b)?", tag)
    if parts is None:
        return ENGLISH
    first = parts[1].lower()
    script = parts[2].lower() if parts[2] else SCRIPT_OF.get(first, "")
    return LANGUAGES.get(first) or BY_SCRIPT.get(script) or in_letters_of(script) or ENGLISH

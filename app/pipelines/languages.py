"""The languages of texts: how their words are counted, and in which letters they are written."""

from __future__ import annotations

import math

LEAST_SHARE = 0.3  # of the letters: a post about AWS has many Latin ones in any language

_BLOCKS: dict[str, tuple[tuple[int, int], ...]] = {
    "Arab": ((0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
    "Armn": ((0x0530, 0x058F),),
    "Beng": ((0x0980, 0x09FF),),
    "Cyrl": ((0x0400, 0x052F),),
    "Deva": ((0x0900, 0x097F),),
    "Ethi": ((0x1200, 0x139F),),
    "Geor": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "Grek": ((0x0370, 0x03FF), (0x1F00, 0x1FFF)),
    "Gujr": ((0x0A80, 0x0AFF),),
    "Guru": ((0x0A00, 0x0A7F),),
    "Hang": ((0xAC00, 0xD7AF), (0x1100, 0x11FF), (0x3130, 0x318F)),
    "Hani": ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
    "Hebr": ((0x0590, 0x05FF),),
    "Kana": ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),
    "Khmr": ((0x1780, 0x17FF),),
    "Knda": ((0x0C80, 0x0CFF),),
    "Laoo": ((0x0E80, 0x0EFF),),
    "Mlym": ((0x0D00, 0x0D7F),),
    "Mymr": ((0x1000, 0x109F),),
    "Sinh": ((0x0D80, 0x0DFF),),
    "Taml": ((0x0B80, 0x0BFF),),
    "Telu": ((0x0C00, 0x0C7F),),
    "Thai": ((0x0E00, 0x0E7F),),
}
_SCRIPTS: dict[str, tuple[str, ...]] = {  # what a script subtag (ISO 15924) stands for, where it is several
    "Hans": ("Hani",),
    "Hant": ("Hani",),
    "Jpan": ("Hani", "Kana"),
    "Kore": ("Hang", "Hani"),
}
_LANGUAGES: dict[str, tuple[str, str | None]] = {  # name, and usual script; None = Latin letters
    "am": ("Amharic", "Ethi"), "ar": ("Arabic", "Arab"), "be": ("Belarusian", "Cyrl"), "bg": ("Bulgarian", "Cyrl"),
    "bn": ("Bengali", "Beng"), "cs": ("Czech", None), "da": ("Danish", None), "de": ("German", None),
    "el": ("Greek", "Grek"), "en": ("English", None), "es": ("Spanish", None), "fa": ("Persian", "Arab"),
    "fi": ("Finnish", None), "fil": ("Filipino", None), "fr": ("French", None), "gu": ("Gujarati", "Gujr"),
    "he": ("Hebrew", "Hebr"), "hi": ("Hindi", "Deva"), "hu": ("Hungarian", None), "hy": ("Armenian", "Armn"),
    "id": ("Indonesian", None), "it": ("Italian", None), "ja": ("Japanese", "Jpan"), "ka": ("Georgian", "Geor"),
    "km": ("Khmer", "Khmr"), "kn": ("Kannada", "Knda"), "ko": ("Korean", "Kore"), "lo": ("Lao", "Laoo"),
    "ml": ("Malayalam", "Mlym"), "mr": ("Marathi", "Deva"), "ms": ("Malay", None), "my": ("Burmese", "Mymr"),
    "ne": ("Nepali", "Deva"), "nl": ("Dutch", None), "no": ("Norwegian", None), "pa": ("Punjabi", None),
    "pl": ("Polish", None), "ps": ("Pashto", "Arab"), "pt": ("Portuguese", None), "ro": ("Romanian", None),
    "ru": ("Russian", "Cyrl"), "sd": ("Sindhi", "Arab"), "si": ("Sinhala", "Sinh"), "sv": ("Swedish", None),
    "sw": ("Swahili", None), "ta": ("Tamil", "Taml"), "te": ("Telugu", "Telu"), "th": ("Thai", "Thai"),
    "tr": ("Turkish", None), "uk": ("Ukrainian", "Cyrl"), "ur": ("Urdu", "Arab"), "vi": ("Vietnamese", None),
    "yue": ("Cantonese", "Hant"), "zh": ("Chinese", "Hani"),
}  # fmt: skip

# Scripts that put no space between words, by how many characters make a word. Translators reckon a Chinese or Japanese
# word at two characters (600 English words become about 1,200); a Thai, Lao, Khmer or Burmese one has about four
# letters, without its marks.
_PER_WORD = {"Hani": 2, "Kana": 2, "Thai": 4, "Laoo": 4, "Khmr": 4, "Mymr": 4}


def _is_in(character: str, scripts: tuple[str, ...]) -> bool:
    code = ord(character)
    return any(first <= code <= last for script in scripts for first, last in _BLOCKS[script])


def in_words(language: str) -> str:
    """Return a BCP 47 tag with the English name of its language, where that is known: `ur (Urdu)`."""
    name, _ = _LANGUAGES.get(language.partition("-")[0], (None, None))
    return f"{language} ({name})" if name else language


def scripts_of(language: str) -> tuple[str, ...]:
    """Return the scripts (ISO 15924) that a BCP 47 tag is written in; empty for Latin letters, and where nobody knows.

    The tag's own script goes before the usual one of its language: ur is Arab, ur-Latn is written in Latin letters.
    """
    first, *subtags = language.split("-")
    own = next((tag.title() for tag in subtags if len(tag) == 4 and tag.isalpha()), None)  # noqa: PLR2004 - BCP 47
    usual = _LANGUAGES.get(first, ("", None))[1]
    script = own or usual or ""
    return _SCRIPTS.get(script, (script,) if script in _BLOCKS else ())


def words(text: str) -> int:
    """Return the number of words in `text`; where a script has no spaces, as many as its characters usually make."""
    count, unspaced = 0, dict.fromkeys(_PER_WORD, 0)
    for part in text.split():
        if part.isascii():
            count += 1
            continue
        left = False
        for character in part:
            if (script := _unspaced(character)) is not None:
                unspaced[script] += character.isalpha()
            else:
                left = left or character.isalnum()
        count += left or not any(_unspaced(character) for character in part)
    return count + math.ceil(sum(seen / _PER_WORD[script] for script, seen in unspaced.items()))


def _unspaced(character: str) -> str | None:
    return next((script for script in _PER_WORD if _is_in(character, (script,))), None)


def is_in_its_script(text: str, language: str) -> bool:
    """Return whether `text` is written in the letters of `language`, as far as they tell; foreign words do not matter."""
    scripts = scripts_of(language)
    letters = [character for character in text if character.isalpha()]
    if not scripts or not letters:
        return True
    return sum(_is_in(character, scripts) for character in letters) >= LEAST_SHARE * len(letters)


def counting(language: str) -> str | None:
    """Return how a writer has to count the words of a language without spaces, in a sentence; None for all others."""
    per_word = {_PER_WORD.get(script) for script in scripts_of(language)}
    how_many = per_word.pop() if len(per_word) == 1 else None
    return f"Count {how_many} characters as a word." if how_many else None

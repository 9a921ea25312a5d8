"""Typed quotation marks and apostrophes, made into those of the language."""

from __future__ import annotations

import re
from dataclasses import dataclass

NNBSP = "\u202f"  # the narrow space inside French quotation marks


@dataclass(frozen=True, slots=True)
class Quotes:
    """The marks of a language: around a quotation, and around one inside it."""

    opens: str
    closes: str
    inner_opens: str
    inner_closes: str


_ENGLISH = Quotes("“", "”", "‘", "’")
_LOW = Quotes("„", "“", "‚", "‘")
_LOW_HIGH = Quotes("„", "”", "‚", "’")
_HIGH = Quotes("”", "”", "’", "’")
_ANGLES = Quotes("«", "»", "“", "”")
_ANGLES_LOW = Quotes("«", "»", "„", "“")
_FRENCH = Quotes(f"«{NNBSP}", f"{NNBSP}»", "“", "”")
_PERSIAN = Quotes("«", "»", "‹", "›")
_URDU = Quotes("”", "“", "’", "‘")
_CORNERS = Quotes("「", "」", "『", "』")
# After Unicode CLDR 47, but for Arabic, whose « » turn with the line and cannot be misread.
_QUOTES: dict[str, Quotes] = {
    **dict.fromkeys(("de", "bg", "cs", "sk", "sl", "lt", "is", "et", "lv"), _LOW),
    **dict.fromkeys(("pl", "ro", "hu", "hr", "sr", "bs"), _LOW_HIGH),
    **dict.fromkeys(("sv", "fi", "da", "he"), _HIGH),
    **dict.fromkeys(("es", "it", "el", "ca", "eu", "gl", "no", "nb", "nn", "pt-pt", "ar"), _ANGLES),
    **dict.fromkeys(("ru", "uk", "be"), _ANGLES_LOW),
    **dict.fromkeys(("fa", "ps", "ckb", "ug"), _PERSIAN),
    **dict.fromkeys(("ur", "sd"), _URDU),
    **dict.fromkeys(("ja", "zh-hant", "zh-tw", "zh-hk", "zh-mo", "yue"), _CORNERS),
    "fr": _FRENCH,
}
_OPENS_AFTER = frozenset(" \u00a0\u202f([{/–—“‘„‚«‹「『¿¡\n")
_CLIPPED = re.compile(r"(?:tis|twas|em|til|cause|n|\d0s)\b", re.IGNORECASE)
_HEBREW_ACRONYM = re.compile(r"(?<=[\u05d0-\u05ea])\"(?=[\u05d0-\u05ea])")
_HEBREW_GERESH = re.compile(r"(?<=[\u05d0-\u05ea])'")


def quotes_of(language: str) -> Quotes:
    """Return the quotation marks of a language (BCP 47); the English ones where none are known."""
    tag = language.lower().replace("_", "-")
    parts = tag.split("-")
    return _QUOTES.get("-".join(parts[:2])) or _QUOTES.get(parts[0]) or _ENGLISH


def quoted(line: str, language: str) -> str:
    r"""Return a line with the marks of the language for \" and ', and primes after feet and inches."""
    if '"' not in line and "'" not in line:
        return line
    if language.lower().startswith(("he", "yi")):
        line = _HEBREW_GERESH.sub("׳", _HEBREW_ACRONYM.sub("״", line))
    marks = quotes_of(language)
    made: list[str] = []
    is_open = is_inner = False
    for place, character in enumerate(line):
        before, after = line[place - 1 : place], line[place + 1 : place + 2]
        if character == '"':
            put, is_open = _double(before, after, marks, is_open=is_open)
        elif character == "'":
            put, is_inner = _single(before, line[place + 1 :], marks, is_inner=is_inner)
        else:
            put = character
        made.append(put)
    return "".join(made)


def _double(before: str, after: str, marks: Quotes, *, is_open: bool) -> tuple[str, bool]:
    is_first = not before or before in _OPENS_AFTER or before == "'"
    if not is_open and before.isdigit():
        return "″", False
    if after.strip() and (not is_open or is_first):
        return marks.opens, True
    return marks.closes, False


def _single(before: str, rest: str, marks: Quotes, *, is_inner: bool) -> tuple[str, bool]:
    after = rest[:1]
    is_first = not before or before in _OPENS_AFTER or before == '"'
    if before.isdigit() and after.isdigit():
        return "′", is_inner
    if is_first and after.strip() and not _CLIPPED.match(rest):
        return marks.inner_opens, True
    if is_inner and not after.isalnum():
        return marks.inner_closes, False
    return "’", is_inner

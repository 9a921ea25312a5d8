"""Characters as a reader sees them: safe text, and its clusters that must never be parted."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from workers.images.compositor.direction import EMBEDDINGS, MARKS

ZWNJ, ZWJ, ZWSP, WORD_JOINER = "\u200c", "\u200d", "\u200b", "\u2060"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
KEYCAP = "\u20e3"
REPLACEMENT = "\ufffd"
_REGIONAL = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_PICTURES = range(0x1F000, 0x1FB00)
_VIRAMAS = frozenset(
    "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2"  # Myanmar's and Khmer's stack letters as well
)
_SPACING_VOWELS = frozenset("\u0e33\u0eb3")  # Thai and Lao am: a letter to Unicode, half a mark on paper
_KEPT = frozenset({ZWNJ, ZWJ, ZWSP, WORD_JOINER, TEXT_STYLE, EMOJI_STYLE, "\n"}) | MARKS
# Ignorable characters that say nothing here: soft hyphen, grapheme joiner, Hangul fillers, Khmer inherent vowels,
# Mongolian selectors, invisible operators, other variation selectors; and what stands for an object (FFFC).
_DROPPED = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u202d\u202e\u2061-\u2065\u206a-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffc\U0001f3fb-\U0001f3ff\U000e0000-\U000e001f\U000e0080-\U000e0fff]"
)
_LINE_ENDS = re.compile("\r\n|[\r\u000b\u000c\u0085\u2028\u2029]")
_STYLED = re.compile("[\U0001d400-\U0001d7ff]+")  # 𝐁𝐨𝐥𝐝 and its kin: letters and digits in mathematical styles
_TAGGED = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)|[\U000e0020-\U000e007f]")


@lru_cache(maxsize=1024)
def clean(text: str) -> str:
    """Return `text` in NFC, without characters that leave no ink or would leave debris.

    Line ends become line feeds, mathematical letters plain ones (𝐁 to B); skin tones, stray tags, control characters and unbalanced direction marks are dropped.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    text = _LINE_ENDS.sub("\n", text).replace("\t", " ")
    text = _DROPPED.sub("", _TAGGED.sub(r"\1", text))
    text = _STYLED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    text = "".join(c for c in text if c in _KEPT or c in EMBEDDINGS or unicodedata.category(c) not in _UNSAFE)
    text = unicodedata.normalize("NFC", text)
    if EMBEDDINGS.isdisjoint(text):
        return text
    return "\n".join(map(_balanced, text.split("\n")))


_UNSAFE = ("Cc", "Cf", "Cs")


def _balanced(line: str) -> str:
    """Return `line` without the opening direction marks that nothing closes, and the closing ones of nothing."""
    waiting: list[int] = []
    unpaired = set()
    for place, character in enumerate(line):
        if character not in EMBEDDINGS:
            continue
        if character not in "\u202c\u2069":
            waiting.append(place)
        elif waiting and (character == "\u2069") == (line[waiting[-1]] >= "\u2066"):
            waiting.pop()
        else:
            unpaired.add(place)
    unpaired.update(waiting)
    return "".join(c for place, c in enumerate(line) if place not in unpaired)


def is_ignorable(character: str) -> bool:
    """Return whether a character of clean text leaves no ink of its own: joiners, selectors, direction marks."""
    return character in _IGNORABLE or ord(character) in _TAGS


_IGNORABLE = frozenset({ZWNJ, ZWJ, ZWSP, WORD_JOINER, TEXT_STYLE, EMOJI_STYLE}) | MARKS | EMBEDDINGS


@lru_cache(maxsize=1024)
def clusters(text: str) -> tuple[str, ...]:
    """Return `text` in its grapheme clusters (UAX 29): letters with their marks, conjuncts, flags, joined emoji."""
    found: list[str] = []
    for character in text:
        if found and _joins(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return tuple(found)


def _joins(cluster: str, character: str) -> bool:
    last = cluster[-1]
    code = ord(character)
    if last.isspace() or last == ZWSP:
        return False
    if character in (ZWJ, ZWNJ, TEXT_STYLE, EMOJI_STYLE, KEYCAP) or character in _SPACING_VOWELS:
        return True
    if code in _TAGS or unicodedata.category(character) in ("Mn", "Mc", "Me"):
        return True
    if last == ZWJ or last in _VIRAMAS:
        return unicodedata.category(character) in ("Lo", "So", "Sm", "Po", "Cn")
    if code in _REGIONAL:
        return sum(ord(c) in _REGIONAL for c in cluster) % 2 == 1
    return _HANGUL.fullmatch(last + character) is not None


# Parts of a Korean syllable that belong together: leading consonants, vowels, trailing consonants; NFC composes the
# usual ones, and leaves the old ones apart.
_HANGUL = re.compile(
    "[\u1100-\u115f][\u1100-\u115f\uac00-\ud7a3]|[\u1100-\u11a7\uac00-\ud7a3][\u1160-\u11a7]|[\u1160-\u11ff\uac00-\ud7a3][\u11a8-\u11ff]"
)


def is_emoji(cluster: str) -> bool:
    """Return whether a cluster is a picture and nothing else: not so for signs like ❤ and ✓, that text fonts draw too."""
    return TEXT_STYLE not in cluster and (KEYCAP in cluster or ord(cluster[0]) >= _REGIONAL.start)


def is_pictograph(character: str) -> bool:
    """Return whether a character is a picture rather than a letter or a mark."""
    return ord(character) in _PICTURES or (unicodedata.category(character) == "So" and character != REPLACEMENT)

"""Where a line may end: between words, and in scripts without spaces between the characters that their rules allow."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from workers.images.compositor.graphemes import WORD_JOINER, ZWSP, clusters

SPACES = frozenset(" \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000")

# What a break costs, beside the evenness of lines: 0 between words, more where a reader stumbles.
FREE, LIGHT, MEDIUM, HARD, LAST_RESORT = 0.0, 0.02, 0.15, 0.2, 0.5

# Kinsoku (JIS X 4051, W3C jlreq and clreq): what must not start a line, and what must not end one.
_NOT_FIRST = frozenset(
    "、。，．・：；？！゛゜ヽヾゝゞ々〻ー’”）〕］｝〉》」』】〗〙〟｠»›°′″℃¢％‰…‥—–～〜·•"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
    ",.!?:;)]}%/-"
)
_NOT_LAST = frozenset("‘“（〔［｛〈《「『【〖〘〝｟«‹￥＄£$€#([{")
_CLOSERS = frozenset("、。，．；：？！）」』】》〉”’…—")
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")  # Thai and Lao: written before the consonant, so they start a syllable
_SYLLABLE_ENDS = frozenset("ะๆฯะໆฯ")
_SILENCED = "\u103a"  # Myanmar: a consonant that carries it ends its syllable
_INNER_MARKS = frozenset("-\u2010/—–")
_GLUE = frozenset({WORD_JOINER, "\u00a0", "\u202f", "\u2007", "\u2011"})
_WORD_PART = 3  # letters that a hyphen must have on both sides to end a line


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of text that is never parted."""

    text: str
    space: str
    """The spaces behind it: drawn only when the line goes on."""
    cost: float
    """Of ending a line here."""


@lru_cache(maxsize=512)
def atoms(paragraph: str, *, is_last_resort: bool = True) -> tuple[Atom, ...]:
    """Return a paragraph in its smallest pieces, in order; joined they give it back but for spaces at its ends.

    is_last_resort: words of scripts without spaces are also parted where only a dictionary could say that it is wrong.
    """
    found: list[Atom] = []
    for word, space in _words(paragraph):
        parts = _parts(word, LAST_RESORT if is_last_resort else HARD)
        found += [Atom(text, "", cost) for text, cost in parts[:-1]]
        found.append(Atom(parts[-1][0], space, FREE))
    return tuple(found)


def _words(paragraph: str) -> list[tuple[str, str]]:
    """Return the words and the spaces behind each."""
    words: list[tuple[str, str]] = []
    for character in paragraph:
        if character in SPACES:
            if words:
                words[-1] = words[-1][0], words[-1][1] + character
        elif not words or words[-1][1]:
            words.append((character, ""))
        else:
            words[-1] = words[-1][0] + character, ""
    return words


def has_last_resorts(text: str) -> bool:
    """Return whether a text has places where a line ends only when nothing else is left."""
    return not text.isascii() and any(
        atoms(line) != atoms(line, is_last_resort=False) for line in text.split("\n") if line
    )


def _parts(word: str, most: float) -> list[tuple[str, float]]:
    """Return a word in the pieces between which a line may end, each with the cost of ending there, `most` at most."""
    if word.isascii() and not any(mark in word for mark in "-/"):
        return [(word, FREE)]
    pieces = clusters(word)
    parts: list[tuple[str, float]] = [(pieces[0], FREE)]
    for place in range(1, len(pieces)):
        cost = _cost(pieces, place)
        if cost is None or cost > most:
            parts[-1] = parts[-1][0] + pieces[place], FREE
        else:
            parts[-1] = parts[-1][0], cost
            parts.append((pieces[place], FREE))
    return parts


def _cost(pieces: tuple[str, ...], place: int) -> float | None:
    """Return the cost of ending a line before `pieces[place]`; None where it must not end."""
    before, after = pieces[place - 1], pieces[place]
    if before[-1] == ZWSP:
        return LIGHT
    if before in _INNER_MARKS:
        return _after_mark(pieces, place)
    if after[0] in _NOT_FIRST or before[0] in _NOT_LAST or not _GLUE.isdisjoint((before[-1], after[0])):
        return None
    return _between(pieces, place)


def _between(pieces: tuple[str, ...], place: int) -> float | None:
    before, after = pieces[place - 1], pieces[place]
    kinds = _kind(before), _kind(after)
    if "cjk" in kinds:
        return _cjk(before, after, kinds)
    if "emoji" in kinds:
        return LIGHT
    return _syllable(before, after, kinds[0]) if kinds[0] == kinds[1] else None


def _after_mark(pieces: tuple[str, ...], place: int) -> float | None:
    """A hyphen, a slash or a dash inside a word ends a line when enough letters stand on both sides."""
    mark, after = pieces[place - 1], pieces[place]
    need = _WORD_PART if mark in "-\u2010" else 1
    left, right = pieces[max(0, place - 1 - need) : place - 1], pieces[place : place + need]
    is_between_letters = len(left) == len(right) == need and all(part[0].isalpha() for part in (*left, *right))
    if mark in "—–":
        return MEDIUM if after[0].isalpha() else None
    if mark == "/":
        return MEDIUM if after[0].isalpha() and pieces[place - 2 : place - 1] not in (("/",), (":",), ()) else None
    return MEDIUM if is_between_letters else None


def _cjk(before: str, after: str, scripts: tuple[str, str]) -> float | None:
    """Between Chinese and Japanese characters lines end best after a mark or a particle."""
    if before[0] in _CLOSERS:
        return FREE
    if scripts[0] != scripts[1]:
        return None if before[0].isdigit() else LIGHT  # a number keeps its counter
    kinds = _kana(before), _kana(after)
    if kinds == ("katakana", "katakana"):
        return LAST_RESORT
    if "hiragana" in kinds:  # a particle stays with its noun: a word begins where hiragana ends
        return MEDIUM if kinds == ("hiragana", "hiragana") else LIGHT if kinds[0] == "hiragana" else HARD
    return MEDIUM


def _kana(character: str) -> str:
    code = ord(character[0])
    return "hiragana" if code in _HIRAGANA else "katakana" if code in _KATAKANA else "han"


_HIRAGANA, _KATAKANA = range(0x3040, 0x30A0), range(0x30A0, 0x3100)


def _syllable(before: str, after: str, kind: str) -> float | None:
    """Scripts of South East Asia: a dictionary would find the words; the spelling shows syllables at best."""
    if kind not in ("thai", "khmer", "myanmar") or unicodedata.category(after[0]) not in ("Lo", "Nd"):
        return None
    if before[0] in _LEADING_VOWELS or after[0] in _SYLLABLE_ENDS or _SILENCED in after:
        return None
    if kind == "thai" and after[0] not in _LEADING_VOWELS and before[-1] not in _SYLLABLE_ENDS:
        return LAST_RESORT
    return MEDIUM


def _kind(cluster: str) -> str:
    code = ord(cluster[0])
    for first, last, kind in _KINDS:
        if first <= code <= last:
            return kind
    return ""


_KINDS = (
    (0x0E00, 0x0EFF, "thai"),
    (0x1000, 0x109F, "myanmar"),
    (0x1780, 0x17FF, "khmer"),
    (0x2E80, 0x312F, "cjk"),
    (0x3190, 0x9FFF, "cjk"),
    (0xF900, 0xFAFF, "cjk"),
    (0xFE30, 0xFE4F, "cjk"),
    (0xFF00, 0xFF60, "cjk"),
    (0x1F1E6, 0x1FAFF, "emoji"),
    (0x20000, 0x3FFFF, "cjk"),
)

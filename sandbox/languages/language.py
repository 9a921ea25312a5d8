"""What a language gives the writer: its ideas, the frames around them, and how its words are counted and set.

Notation: see writer_ideas. Except in English, the topic stands as it was given, mostly in quotation marks, so that nothing
needs to agree with it: `{S}` is the whole of it, `{K}` the beginning of a long one. Where a text has a limit, at least
one wording has no topic in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from sandbox.topics import Topic
from sandbox.voice import Voice
from sandbox.writer_frames import Angle
from sandbox.writer_ideas import Idea

ByTone = Mapping[str, tuple[str, ...]]
LETTERS_PER_WORD = 12  # on average, at most: longer words are no words, and no slide has room for them
LONG_WORDS, SHORT_WORDS = 10, 6  # a topic of more words is named by its first ones, from the second time on
LONG_LETTERS, SHORT_LETTERS = 70, 40
SHORT_UNSPACED = 3  # words of a topic without spaces, as they are reckoned
UNSPACED = {  # letters of scripts without spaces, and how many of them are reckoned a word
    re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"): 2,  # Chinese, Japanese
    re.compile("[\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6]"): 4,  # Thai, Lao
    re.compile("[\u1000-\u102a\u103f\u1050-\u1055\u1780-\u17b3]"): 4,  # Burmese, Khmer
}
QUOTATION_MARKS = "\"'“”„«»"
_WORD = re.compile(r"[^\W_][\w'+#-]*")
_OPENING_THEMES = ("wide horizon before sunrise", "quiet room with one window", "still lake at first light")
_CLOSING_THEMES = ("open road into warm evening light", "open window, new morning", "bright and open sky")


@lru_cache(4096)
def reckoned(text: str) -> int:
    """Return the number of words; where a script has no spaces, as many as translators reckon by its letters."""
    words, unspaced = 0, 0.0
    for part in text.split():
        if part.isascii():
            words += 1
            continue
        rest = part
        for letters, per_word in UNSPACED.items():
            rest, count = letters.subn("", rest)
            unspaced += count / per_word
        words += rest == part or any(sign.isalnum() for sign in rest)
    return words + math.ceil(unspaced)


def _beginning(text: str) -> str:
    """Return a text, or as much of it as a short topic may have where it stands without spaces."""
    if reckoned(text) <= max(SHORT_UNSPACED, len(text.split())):
        return text
    return next(text[:end] for end in range(len(text), 0, -1) if reckoned(text[:end]) <= SHORT_UNSPACED) + "…"


def topic_as_given(text: str) -> Topic:
    """Return a topic that is the text itself, without quotation marks around it; a long one has its start as short form."""
    full = re.sub(r"\s+", " ", text).strip(" ." + QUOTATION_MARKS) or "…"
    words = full.split()
    short = full if len(words) <= LONG_WORDS else " ".join(words[:SHORT_WORDS]) + "…"
    short = short if len(short) <= LONG_LETTERS else short[:SHORT_LETTERS].rstrip("… ") + "…"
    if reckoned(short) > SHORT_WORDS:
        short = _beginning(short.rstrip("…"))
    return Topic(full, full, short, tuple(_WORD.findall(full)) or (full,))


def topic_in_short(text: str) -> Topic:
    """Return a topic of another script than the sentences around it, which have little room left: its start, if it is long."""
    topic = topic_as_given(text)
    short = _beginning(topic.short.rstrip("…"))
    return replace(topic, subject=short, short=short)


def as_it_is(text: str) -> str:
    """Return the text."""
    return text


@dataclass(frozen=True, slots=True)
class Language:
    """All that the writer says in one language."""

    ideas: tuple[Idea, ...]
    """At least ten, so that a deck of twelve slides says nothing twice. The themes are English, as image prompts are."""
    angles: tuple[Angle, ...]
    hooks: ByTone
    openers: ByTone
    """Bodies of the first slide."""
    calls: Mapping[str, tuple[tuple[str, str], ...]]
    """Title and body of the last slide, by tone."""
    leads: ByTone
    """First sentence of the article."""
    context: tuple[str, ...]
    """More of the introduction."""
    bridges: tuple[str, ...]
    """Sentences that fit behind any other, to lengthen a section."""
    closers: tuple[str, ...]
    last_words: ByTone
    recap: str
    """A sentence that names two headings, `{first}` and `{second}`."""
    quotes: tuple[str, ...]
    authors: tuple[str, ...]
    """Invented sayings get no person's name, real or made up."""
    opening_themes: tuple[str, ...] = _OPENING_THEMES
    closing_themes: tuple[str, ...] = _CLOSING_THEMES
    article_words: range = range(585, 626)
    """Asked for: 600 within 15 %; the narrower band leaves room for other ways to count."""
    sections: tuple[int, int] = (4, 5)
    """How many parts an article has."""
    this: str = ""
    """What stands for the topic now and then; empty: the topic is named each time."""
    gap: str = " "
    """Between two sentences."""
    count: Callable[[str], int] = reckoned
    """Words of a text."""
    read: Callable[[str], Topic] = topic_as_given
    echo: Callable[[str], str] = as_it_is
    """How a heading is said inside a sentence."""
    typeset: Callable[[str], str] = as_it_is
    """Puts the spaces that this language's punctuation wants."""
    capitalises: bool = False
    """Whether a sentence that begins with the topic is given a capital."""

    def voice(self, key: str, topic: str) -> Voice:
        """Return a seeded way of speaking about a topic in this language."""
        return Voice(key, self.read(topic), typeset=self.typeset, capitalises=self.capitalises)

    def at_most(self, words: int) -> Callable[[str], bool]:
        """Return a test for texts of at most so many words that are of a usual length together."""
        return lambda text: self.count(text) <= words and len(text) <= LETTERS_PER_WORD * words

"""Texts cut to a length without breaking a sentence or a word."""

from __future__ import annotations

import re

# Ends of sentences in Latin, Arabic, Indic, Ethiopic and East Asian writing; the last ones need no space behind them.
_SENTENCE_END = re.compile(r"[.!?…؟۔।॥።]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[”’」』）]*")
ELLIPSIS = "…"


def sentences(text: str, most: int) -> str:
    """Return as many whole sentences from the start of `text` as `most` characters hold; empty when not even one fits."""
    if len(text) <= most:
        return text
    ends = [end.end() for end in _SENTENCE_END.finditer(text) if end.end() <= most]
    return text[: ends[-1]].rstrip() if ends else ""


def cut(text: str, most: int) -> str:
    """Return `text` in one line of at most `most` characters: cut behind a sentence, else behind a word with an ellipsis.

    Writing without spaces is cut behind a character.
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    if whole := sentences(line, most):
        return whole
    head = line[: most - len(ELLIPSIS)]
    inside_word = not line[len(head)].isspace()
    words = head.rpartition(" ")[0] if inside_word and " " in head else head
    return words.rstrip(" ,;:–—-") + ELLIPSIS

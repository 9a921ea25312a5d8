"""Texts that leave the house: cut to a length without breaking a sentence or a word, and without hidden characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.domain.plain_text import plain

# Ends of sentences in Latin, Arabic, Indic, Ethiopic and East Asian writing; the last ones need no space behind them.
_SENTENCE_END = re.compile(r"[.!?…؟۔।॥።]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[”’」』）]*")
ELLIPSIS = "…"


def plain_values(value: Any) -> Any:
    """Return what JSON can hold with every text in it `plain`."""
    match value:
        case str():
            return plain(value)
        case Mapping():
            return {plain(str(name)): plain_values(one) for name, one in value.items()}
        case list() | tuple():
            return [plain_values(one) for one in value]
    return value


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

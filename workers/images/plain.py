"""Text that any file format takes."""

from __future__ import annotations

import unicodedata

_NO_CHARACTERS = 0xFFFE  # U+FFFE, U+FFFF, and the last two of every plane
_REFUSED = ("Cc", "Cs")


def plain(line: str) -> str:
    """Return one line without what no PDF or XML may hold: control characters, halves of pairs, non-characters."""
    return "".join(" " if c.isspace() else c for c in line if c.isspace() or _is_allowed(c)).strip()


def plain_lines(text: str) -> list[str]:
    """Return the lines of `text` that hold anything, each plain."""
    return [line for line in map(plain, text.splitlines()) if line]


def _is_allowed(character: str) -> bool:
    code = ord(character)
    is_none = code & _NO_CHARACTERS == _NO_CHARACTERS or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004 - Unicode 23.7
    return not is_none and unicodedata.category(character) not in _REFUSED

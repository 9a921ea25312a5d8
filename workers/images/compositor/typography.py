"""Makes typed text into set text: quotation marks, dashes, ellipses, spaces."""

from __future__ import annotations

import re

NBSP = "\u00a0"
BULLET = "•"

_OPENS_AFTER = r"(^|[\s(\[{/\u2013\u2014\u201c\u2018])"
_RULES: tuple[tuple[str, str], ...] = (
    (r"\*\*|__|`", ""),  # markdown that a model leaves behind
    (r"\.{3,}", "…"),
    (r"(?<=\d)\s?--?\s?(?=\d)", "–"),  # 3-5 becomes a range
    (r"\s*---\s*|(?<=\w)--(?=\w)", "—"),
    (r"(?<=\s)--?(?=\s)", "–"),
    (_OPENS_AFTER + r'"', r"\1“"),
    (r'"', "”"),
    (_OPENS_AFTER + r"'(?=\d0s)", r"\1’"),  # the '90s
    (_OPENS_AFTER + r"'", r"\1‘"),
    (r"'", "’"),
    (r"(?<=\d) (?=[%€]|(?:kg|km|ms|s|px|GB|MB|h)\b)", NBSP),
    (r" (?=[–—])", NBSP),  # a dash ends a line, it does not start one
    (r" (?=[:;!?»])", NBSP),  # French spacing must not start a line
)
_COMPILED = tuple((re.compile(pattern), put) for pattern, put in _RULES)
_LIST_MARK = re.compile(r"^[-*•·]\s+")
# Dates and phone numbers are no ranges: 2026-11-21 keeps its hyphens.
_KEEP = re.compile(r"\d{2,4}-\d{1,2}-\d{1,4}|\d{3,}-\d{3,}(?:-\d+)*")


def typeset(text: str) -> str:
    """Return `text` with typographic marks and single spaces; line breaks stay, empty lines go."""
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines())
    return "\n".join(_line(line) for line in lines if line)


def _line(line: str) -> str:
    is_item = _LIST_MARK.match(line)
    if is_item:
        line = line[is_item.end() :]
    kept: list[str] = _KEEP.findall(line)
    parts = _KEEP.split(line)
    done = [_set(part) for part in parts]
    joined = done[0] + "".join(keep + part for keep, part in zip(kept, done[1:], strict=True))
    return f"{BULLET}{NBSP}{joined}" if is_item else joined


def _set(part: str) -> str:
    for pattern, put in _COMPILED:
        part = pattern.sub(put, part)
    return part

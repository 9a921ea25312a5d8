"""Words of models, pages and users in Markdown: escaped, so that none of them is read as a mark or a tag.

Nobody knows where a file is opened: a word that is a picture of another site tells that site who reads it, and one that
is a tag may run there. `in_line`, `whole_line` and `paragraphs` are for what is read, `code` and `code_block` for what
is copied to be published elsewhere, where no backslash may arrive.
"""

from __future__ import annotations

import re
from typing import Any

from app.domain.plain_text import plain
from app.domain.urls import problem_of_url

MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]])")
BLOCK_MARKS = re.compile(
    r"^(?:(\d{1,9})(?=[.)](?:\s|$))|(?=[#>\-+=~|]|:-))"
)  # heading, quote, list, rule, fence, table
BACKTICKS = re.compile(r"`+")
LEAST_FENCE = 3
IN_URLS = str.maketrans({"<": "%3C", ">": "%3E", "`": "%60", " ": "%20"})


def in_line(text: Any) -> str:
    """Return a text in one line, to stand within one, in which Markdown finds no mark and HTML no tag."""
    signs = MARKDOWN_SIGNS.sub(r"\\\1", _one_line(text))
    return signs.replace("&", "&amp;").replace("<", "&lt;")


def whole_line(text: Any) -> str:
    """Return a text in one line, to begin one or the item of a list, in which Markdown finds no mark and HTML no tag."""
    return BLOCK_MARKS.sub(r"\1\\", in_line(text))


def paragraphs(text: Any) -> str:
    """Return paragraphs in which Markdown finds no mark and HTML no tag; line breaks stay."""
    return "\n".join(whole_line(line) for line in str(text).splitlines())


def code(text: Any) -> str:
    """Return a text in one line that is shown and copied as it is."""
    line = _one_line(text)
    ticks = "`" * (_longest_ticks(line) + 1)
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{room}{line}{room}{ticks}"


def code_block(text: Any) -> str:
    """Return a text that is shown and copied as it is, line breaks and all."""
    lines = plain(str(text))
    fence = "`" * max(LEAST_FENCE, _longest_ticks(lines) + 1)
    return f"{fence}text\n{lines}\n{fence}"


def link(name: str, url: str) -> str:
    """Return a link, whatever characters a page's own title has; only its name where the url is not one of the web."""
    safe = url.translate(IN_URLS)
    return whole_line(name) if problem_of_url(safe) else f"[{in_line(name)}](<{safe}>)"


def _one_line(text: Any) -> str:
    return " ".join(plain(str(text)).split())


def _longest_ticks(text: str) -> int:
    return max(map(len, BACKTICKS.findall(text)), default=0)

"""The text of the HTML in a feed's titles and summaries, as a reader would see it.

It is read once from its beginning to its end: what is never closed, a quote, a tag or a comment, goes on to the end, as
it does in a browser (WHATWG HTML, 13.2.5). So the time grows with the length and with nothing else. `html.parser` looks
for the end anew from each place that might be one's beginning: 20,000 characters took it 0.9 s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

UNSEEN = ("script", "style", "head", "template")
MARKUP = re.compile(
    r"""<(?:
        !--(?:-?>|.*?(?:--!?>|\Z))  # a comment
        |(?P<end>/?)(?P<name>[a-z][^\s/>]*)(?:[^>=]+|=\s*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))?)*(?:>|\Z)
        |(?:[!?]|/(?=[^a-z]))[^>]*(?:>|\Z)  # a declaration, an instruction, the end of nothing
    )""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE | re.ASCII,
)
"""Each of these ends with `\\Z` or before, so none of them ever fails half-way and goes back."""
RAW = {name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII) for name in ("script", "style")}  # no tags within
ENDLESS = re.compile(r"&#[0-9]{20,}")  # Python makes no number of more than 4,300 digits
UNKNOWN = "\ufffd"


def plain(html: str, most: int) -> str:
    """Return the text of HTML in one line of at most `most` characters; a longer one is cut and ends with an ellipsis."""
    seen = "".join(char for char in "".join(_seen(html)) if char.isprintable() or char.isspace())
    text = " ".join(seen.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _seen(html: str) -> Iterator[str]:
    """Yield the text between the tags, and a space for each tag."""
    at = unseen = 0
    while found := MARKUP.search(html, at):
        if not unseen:
            yield _unescaped(html[at : found.start()])
        yield " "
        at, name = found.end(), (found["name"] or "").lower()
        if name not in UNSEEN or found[0].endswith("/>"):
            continue
        unseen = max(0, unseen + (-1 if found["end"] else 1))
        if name in RAW and not found["end"]:
            closed = RAW[name].search(html, at)
            at = closed.start() if closed else len(html)
    if not unseen:
        yield _unescaped(html[at:])


def _unescaped(text: str) -> str:
    return unescape(ENDLESS.sub(UNKNOWN, text))

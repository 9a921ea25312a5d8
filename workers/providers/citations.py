"""Where a research answer has its facts from. The gateway does not say where it puts them, so every place is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workers.providers import replies
from workers.providers.provider import Source

INLINE = re.compile(r"https?://[^\s<>\"'\]\[(){}]+")
MOST = 50
URL_CHARACTERS = 2000
LISTS = ("citations", "search_results", "searchResults", "sources")  # native and AI-SDK names


def sources(reply: Mapping[str, Any], text: str) -> tuple[Source, ...]:
    """Return each source once, in the order of its first place, with the first title that any place gives it.

    Places: 1. `citations` and `search_results` of the reply, 2. the message's annotations, 3. both provider_metadata,
    4. only when those hold none, the addresses within the text. None at all = unsourced, which is no error.
    """
    titles: dict[str, str] = {}
    for url, title in _told(reply):
        if url.startswith(("http://", "https://")) and len(url) <= URL_CHARACTERS:
            titles[url] = titles.get(url) or title
    for url in [] if titles else INLINE.findall(text):
        titles[url.rstrip(".,;:!?*")[:URL_CHARACTERS]] = ""
    return tuple(Source(url, title or None) for url, title in list(titles.items())[:MOST])


def _told(reply: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    message = replies.at(reply, "choices", 0, "message")
    yield from _listed(reply)
    yield from _listed(message)
    for note in replies.items(replies.at(message, "annotations")):
        yield _source(replies.at(note, "url_citation") or note)
    for holder in (message, reply):
        yield from _listed(replies.at(holder, "provider_metadata", "perplexity"))


def _listed(holder: Any) -> Iterator[tuple[str, str]]:
    for name in LISTS:
        for entry in replies.items(replies.at(holder, name)):
            yield _source(entry)


def _source(entry: Any) -> tuple[str, str]:
    """Return (url, title) of an entry, which is an address or an object with one."""
    url = replies.text(entry) or replies.text(replies.at(entry, "url"))
    return url.strip(), replies.text(replies.at(entry, "title")).strip()[:300]

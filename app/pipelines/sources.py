"""Where a text has its facts from: listed behind a researched text, and numbered. All pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MEMBER = "search_results"
"""Member of a reply's schema that is filled with the sources of the research: a list of {url, title}."""
HEAD = "[sources]"
"""The line between a researched text and its list."""
LINE = re.compile(r"\[(\d+)\] (\S+) ?(.*)")
NUMBER = re.compile(r"\[(\d{1,3})\]")
ADDRESS = re.compile(r"[\s\-*\d.]*https?://\S+")
LABELS = frozenset({"sources", "references"})
NUMBERS = re.compile(r"\s{0,3}\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class Source:
    """A page that something was found on."""

    url: str
    title: str = ""
    """Empty: nobody told it."""

    @property
    def host(self) -> str:
        """Whose page it is; empty when the address cannot be read."""
        try:
            return (urlsplit(self.url).hostname or "").removeprefix("www.")
        except ValueError:
            return ""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title or self.host or self.url


def behind(text: str, found: Iterable[Source]) -> str:
    """Return a text with its sources listed behind it, in the order of the numbers in the text, from 1."""
    lines = [f"[{n}] {one.url} {' '.join(one.title.split())}".rstrip() for n, one in enumerate(found, start=1)]
    return "\n".join([text.rstrip(), "", HEAD, *lines]) if lines else text


def apart(text: str) -> tuple[str, list[Source]]:
    """Return a researched text without its list, and the list; empty = it is unsourced."""
    words, head, listed = text.rpartition(f"\n{HEAD}\n")
    if not head:
        return text.strip(), []
    found = [LINE.fullmatch(line.strip()) for line in listed.splitlines()]
    return words.strip(), [Source(one[2], one[3]) for one in found if one]


def within(text: str, found: Iterable[Source]) -> str:
    """Return a reply that is a JSON object with its sources as a member; what the model wrote there is no source."""
    try:
        reply = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps({**reply, MEMBER: as_data(found)}, ensure_ascii=False) if isinstance(reply, dict) else text


def joined(found: Iterable[tuple[str, Sequence[Source]]]) -> tuple[list[str], list[Source]]:
    """Return texts whose `[n]` point into one list of all their sources, each of which is in it once.

    A number that points to nothing is taken out.
    """
    places: dict[str, int] = {}
    listed: list[Source] = []
    texts = []
    for text, own in found:
        for source in own:
            if source.url not in places:
                listed.append(source)
                places[source.url] = len(listed)

        def placed(number: re.Match[str], own: Sequence[Source] = own) -> str:
            n = int(number[1])
            return f"[{places[own[n - 1].url]}]" if 1 <= n <= len(own) else ""

        texts.append(NUMBER.sub(placed, text))
    return texts, listed


def numbered(text: str, found: Sequence[Source]) -> str:
    """Return a text that points to its sources: as it is if it does, else with all their numbers at its end.

    Some places that sources are told in have no numbers in the text, only addresses behind it.
    """
    if not found or NUMBER.search(text):
        return text
    lines = text.splitlines()
    while lines and (not lines[-1].strip() or ADDRESS.fullmatch(lines[-1])):
        lines.pop()
    if lines and lines[-1].strip(" *#:").lower() in LABELS:
        lines.pop()
    return " ".join(["\n".join(lines).rstrip(), "".join(f"[{n}]" for n in range(1, len(found) + 1))])


def without_numbers(text: str) -> str:
    """Return a text without the `[n]` in it."""
    return NUMBERS.sub("", text).strip()


def as_data(found: Iterable[Source]) -> list[dict[str, str]]:
    """Return sources as a piece's data has them."""
    return [{"url": source.url, "title": source.title} for source in found]


def of_data(listed: Iterable[Mapping[str, Any]]) -> list[Source]:
    """Return sources from a piece's data."""
    return [Source(str(one["url"]), str(one.get("title") or "")) for one in listed]

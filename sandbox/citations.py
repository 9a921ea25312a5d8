"""A search model's sources, in whichever place a rule puts them.

Where the gateway passes a search model's sources on is not documented; these are the places seen or documented
with the vendor, with other gateways, and in the AI SDK.
"""

from __future__ import annotations

import re

from sandbox.calls import Answer, Ask, Json, Kind
from sandbox.fault_names import PLACES, Fault
from sandbox.topics import read_topic

TOP_LEVEL = PLACES[0]
_SITES = (
    ("https://example.com/report", "{}: the yearly report", "2026-03-18"),
    ("https://example.org/survey", "A survey on {}", "2026-06-02"),
    ("https://example.net/guide", "{} in practice", "2026-09-21"),
)


def place_sources(reply: Json, ask: Ask, answer: Answer) -> None:
    """Add sources to a chat completion, and the numbers in the text that point to them.

    The place is the variant of a `citations` rule; without one the top level, as the vendor itself does.
    """
    place = answer.variant if answer.fault == Fault.CITATIONS else TOP_LEVEL
    if not answer.text or place == "none":
        return
    message = reply["choices"][0]["message"]
    results = _results(ask)
    urls = [result["url"] for result in results]
    if ask.kind is Kind.TEXT:
        message["content"] = _with_links(answer.text, urls) if place == "inline" else _with_numbers(answer.text)
    match place:
        case "citations":
            reply["citations"] = urls
        case "search_results":
            reply["search_results"] = results
        case "annotations":
            message["annotations"] = [
                {"type": "url_citation", "url_citation": {"url": one["url"], "title": one["title"]}} for one in results
            ]
        case "provider_metadata":
            metadata = message.setdefault("provider_metadata", {})
            metadata["perplexity"] = {"citations": urls, "search_results": results}
        case "top_level":
            reply.update(citations=urls, search_results=results)


def _results(ask: Ask) -> list[Json]:
    topic = read_topic(ask.prompt.strip().partition("\n")[0][:80]).short
    return [{"title": title.format(topic).capitalize(), "url": url, "date": date} for url, title, date in _SITES]


def _with_numbers(text: str) -> str:
    """Put `[1]`, `[2]`, `[3]` behind the first sentences."""
    sentences = re.split(r"(?<=[.!?])\s+", text)
    return " ".join(f"{part}[{n}]" if n <= len(_SITES) else part for n, part in enumerate(sentences, start=1))


def _with_links(text: str, urls: list[str]) -> str:
    return f"{text}\n\nSources:\n" + "\n".join(f"- {url}" for url in urls)

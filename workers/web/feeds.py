"""Read what a feed lists: RSS and Atom, JSON Feed 1.1, or a plain JSON list of articles.

`feedparser` reads RSS and Atom. It is given bytes in memory and fetches nothing. What is known to make it slow is refused
first, but not all is known: workers read feeds through `workers.web.apart`.
"""

from __future__ import annotations

import io
import json
import re
from calendar import timegm
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from urllib.parse import urljoin

from app.domain.errors import SourceRefused
from app.domain.urls import problem_of_url
from workers.web.bodies import as_text
from workers.web.plain import plain

MAX_ITEMS = 200
MAX_TITLE_CHARS = 300
MAX_SUMMARY_CHARS = 2_000
MAX_URL_BYTES = 2_048  # in UTF-8: the index of articles by address takes 2,704
MAX_HTML_CHARS = 20_000  # of one summary, before its tags are taken out
MAX_ALL_HTML_CHARS = 2_000_000  # of all summaries of a feed, which share it: 200 have 10,000 each
MAX_TITLE_HTML_CHARS = 3_000
MAX_TAGS = 100_000  # takes feedparser about 3 s; a podcast of 1,000 episodes has half of it
FEED = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
FEED_WITHIN = 8_192  # before it there may be a declaration, comments, a stylesheet


@dataclass(frozen=True, slots=True)
class Item:
    """One article of a feed; texts hold no HTML."""

    title: str
    url: str | None
    """Where the article is: http or https, of MAX_URL_BYTES at most, well worded, and no more is checked yet.

    None when the feed names no such place.
    """
    summary: str
    """Empty when the feed has none."""
    published: datetime | None
    """In UTC; None when the feed tells no moment that can be read. One without a zone is taken for UTC."""
    has_image: bool


def items(body: bytes, content_type: str, url: str, charset: str | None = None) -> list[Item]:
    """Return the first MAX_ITEMS articles of a feed in its own order; what has no title is left out.

    url: where the feed came from; relative links start there. charset: as the server named it.
    Raises SourceRefused with `feed_refused:` and not_a_feed, broken or too_complex.
    """
    text = as_text(body, charset).strip().lstrip("\ufeff")
    is_json = content_type.endswith("json") or (not content_type.endswith("xml") and text[:1] in ("{", "["))
    listed = _from_json(text, url) if is_json else _from_xml(text, url)
    return [item for item in listed if item.title][:MAX_ITEMS]


def _from_json(text: str, base: str) -> list[Item]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise SourceRefused("the feed is no JSON that can be read", code="feed_refused:broken") from exc
    if isinstance(told, dict) and "jsonfeed.org/version/" in _first(told, "version"):
        told = told.get("items")
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told[:MAX_ITEMS]):
        raise SourceRefused(
            "the JSON is neither a JSON Feed nor a list of {title, url, summary}", code="feed_refused:not_a_feed"
        )
    taken = told[:MAX_ITEMS]
    return [_json_item(one, base, _share(taken)) for one in taken]


def _json_item(told: Mapping[str, Any], base: str, share: int) -> Item:
    summary = _first(told, "summary", "description", "content_text", "content_html")
    return Item(
        title=_title(_first(told, "title")),
        url=_link(_first(told, "url", "link", "external_url"), base),
        summary=plain(summary[:share], MAX_SUMMARY_CHARS),
        published=_moment(_first(told, "date_published", "published", "date")),
        has_image=bool(_first(told, "image", "banner_image") or _shows_picture(_first(told, "content_html"))),
    )


def _from_xml(text: str, base: str) -> list[Item]:
    import feedparser  # type: ignore[import-untyped]  # noqa: PLC0415 - loaded only where feeds are read

    if not FEED.search(text, 0, FEED_WITHIN):
        raise SourceRefused(
            "this is neither RSS, Atom nor JSON; give the feed's own address", code="feed_refused:not_a_feed"
        )
    if "<!ENTITY" in text:  # no feed needs them, and a small one can grow without end
        raise SourceRefused("the feed declares entities, which are not read", code="feed_refused:broken")
    if text.count("<") > MAX_TAGS:
        raise SourceRefused(f"the feed has more than {MAX_TAGS} tags", code="feed_refused:too_complex")
    try:
        told = feedparser.parse(
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={"content-type": "application/xml; charset=utf-8", "content-location": base},
            sanitize_html=False,  # no HTML is kept
            resolve_relative_uris=False,
        )
    except ValueError as exc:  # it makes numbers of whatever looks like one
        raise SourceRefused("the feed cannot be read", code="feed_refused:broken") from exc
    if not told.entries and (told.bozo or not told.version):
        raise SourceRefused(f"the feed cannot be read: {_problem(told)}", code="feed_refused:broken")
    taken = told.entries[:MAX_ITEMS]
    return [_entry(one, base, _share(taken)) for one in taken]


def _problem(told: Any) -> str:
    exc = told.get("bozo_exception")
    return f"{getattr(exc, 'getMessage', lambda: type(exc).__name__)()}"[:200] if exc else "it is of no known kind"


def _entry(told: dict[str, Any], base: str, share: int) -> Item:
    contents = [str(one.get("value") or "") for one in told.get("content") or ()]
    summary = str(told.get("summary") or "")
    return Item(
        title=_title(str(told.get("title") or "")),
        url=_link(str(told.get("link") or ""), base),
        summary=plain((summary or next(iter(contents), ""))[:share], MAX_SUMMARY_CHARS),
        # dict's own: feedparser's warns when it looks for a second date
        published=_utc(dict.get(told, "published_parsed") or dict.get(told, "updated_parsed")),
        has_image=_has_image(told) or any(_shows_picture(html) for html in (summary, *contents)),
    )


def _share(taken: Sized) -> int:
    """Return how many characters of HTML are read of each summary."""
    return min(MAX_HTML_CHARS, MAX_ALL_HTML_CHARS // max(1, len(taken)))


def _title(html: str) -> str:
    return plain(html[:MAX_TITLE_HTML_CHARS], MAX_TITLE_CHARS)


def _utc(moment: struct_time | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(moment), UTC) if moment else None
    except (ValueError, OverflowError, OSError):
        return None


def _has_image(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of RSS or Atom brings a picture along: an enclosure, Media RSS, or a podcast's cover."""
    media: Iterable[Mapping[str, Any]] = (*(entry.get("enclosures") or ()), *(entry.get("media_content") or ()))
    return bool(
        entry.get("media_thumbnail")
        or entry.get("image")
        or any(str(one.get("type", "")).startswith("image/") or one.get("medium") == "image" for one in media)
    )


def _shows_picture(html: str) -> bool:
    return "<img" in html[:MAX_HTML_CHARS].lower()


def _first(told: Mapping[str, Any], *names: str) -> str:
    """Return the first of some fields that holds text; empty when none does."""
    return next((value for name in names if isinstance(value := told.get(name), str) and value.strip()), "")


def _link(told: str, base: str) -> str | None:
    told = told.strip()
    if not 0 < len(told) <= MAX_URL_BYTES:  # joining takes the square of the length of some hosts
        return None
    try:
        link = urljoin(base, told)
    except ValueError:
        return None
    return link if problem_of_url(link) is None and len(link.encode()) <= MAX_URL_BYTES else None


def _moment(told: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

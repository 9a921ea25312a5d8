"""Fetch what users name: any url through the guard, a page as its site permits, a feed."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from functools import partial
from urllib.parse import urlsplit

from app.domain.errors import FetchFailed, UrlRefused
from workers.web.exchange import Fetched, follow
from workers.web.outside import OUTSIDE, Outside
from workers.web.robots import Robots, robots

__all__ = ["Fetched", "feed", "get", "page"]

log = logging.getLogger(__name__)

TIMEOUT_S = 20.0
MAX_PAGE_BYTES = 5 * 1024 * 1024  # the largest pages of news sites are about 3 MB
MAX_FEED_BYTES = 4 * 1024 * 1024  # feeds of podcasts with hundreds of episodes
PAGES = ("text/html", "application/xhtml+xml")
FEEDS = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "application/xml",
    "text/xml",
    "application/rdf+xml",
    "text/plain",
)


def get(
    url: str,
    *,
    accept: Collection[str],
    max_bytes: int,
    timeout_s: float,
    obeys: Robots | None = None,
    outside: Outside = OUTSIDE,
) -> Fetched:
    """GET a url that a user named.

    accept: media types that are taken; none = any. max_bytes: of the unpacked body. timeout_s: for everything from the
    name's resolution to the last byte, over all redirects. obeys: whose robots.txt is honoured; None = nobody's.
    Raises UrlRefused, and FetchFailed, whose `permanent` tells whether asking later can help.
    """
    begun = time.monotonic()
    ends = begun + timeout_s
    permit = partial(obeys.permit, ends=ends, outside=outside) if obeys else None
    try:
        fetched = follow(url, accept=accept, max_bytes=max_bytes, ends=ends, permit=permit, outside=outside)
    except (UrlRefused, FetchFailed) as exc:
        log.info("not_fetched", extra={"place": _place(url), "code": exc.code, "ms": _ms(begun)})
        raise
    log.info("fetched", extra={"place": _place(fetched.url), "bytes": len(fetched.body), "ms": _ms(begun)})
    return fetched


def page(url: str, *, timeout_s: float = TIMEOUT_S, obeys: Robots | None = None, outside: Outside = OUTSIDE) -> Fetched:
    """GET a page of HTML, as far as its site's robots.txt permits. Raises as `get`."""
    return get(
        url,
        accept=PAGES,
        max_bytes=MAX_PAGE_BYTES,
        timeout_s=timeout_s,
        obeys=obeys or robots(),
        outside=outside,
    )


def feed(url: str, *, timeout_s: float = TIMEOUT_S, outside: Outside = OUTSIDE) -> Fetched:
    """GET a feed that a user named; robots.txt is not asked (workers.web.robots says why). Raises as `get`."""
    return get(url, accept=FEEDS, max_bytes=MAX_FEED_BYTES, timeout_s=timeout_s, outside=outside)


def _place(url: str) -> str:
    """Return host and path for the log: credentials and queries may be secrets."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or ''}{parts.path}"[:200]
    except ValueError:
        return ""


def _ms(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)

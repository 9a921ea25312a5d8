"""Find the main text of a page, without menus, comments and advertisements, by `trafilatura`.

What is known to make it slow is taken out or refused before, but not all is known: workers read pages through
`workers.web.apart`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from app.domain.errors import SourceRefused

MAX_HTML_CHARS = 5 * 1024 * 1024
MAX_ELEMENTS = (
    30_000  # takes trafilatura about 2 s if it means well; the longest articles of Wikipedia have about as many
)
MAX_TEXT_CHARS = 40_000
MIN_TEXT_CHARS = 200  # below this it is a teaser before a paywall, a cookie banner or an error page
MAX_FIELD_CHARS = 300
MAX_JSON_CHARS = 64 * 1024  # of one block of JSON-LD, which tells author and date
MAX_META_CHARS = 5_000
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")

DATED = (("meta", "content"), ("time", "datetime"), ("abbr", "title"))  # where a page tells dates to machines


@dataclass(frozen=True, slots=True)
class Article:
    """A page's main text and what the page says about it; None = the page does not say."""

    title: str | None
    text: str
    """Plain paragraphs, MIN_TEXT_CHARS to MAX_TEXT_CHARS characters."""
    author: str | None
    published: date | None
    language: str | None
    """As the page names it, for example en-GB."""


def text(html: str, url: str) -> Article:
    """Return the article of a page that was fetched from `url`; nothing is fetched here.

    Raises SourceRefused with `article_refused:` and too_large, too_complex, broken or no_text.
    """
    import trafilatura  # noqa: PLC0415 - 0.3 s and 30 MB, only where articles are read

    if len(html) > MAX_HTML_CHARS:
        raise SourceRefused(f"the page has more than {MAX_HTML_CHARS} characters", code="article_refused:too_large")
    tree = trafilatura.load_html(html)
    if tree is None:
        raise _no_text()
    if sum(1 for _ in tree.iter()) > MAX_ELEMENTS:
        raise SourceRefused(f"the page has more than {MAX_ELEMENTS} elements", code="article_refused:too_complex")
    _without_scripts(tree)
    _without_long_fields(tree)
    language = (tree.get("lang") or tree.get("xml:lang") or "").strip()
    try:
        found = trafilatura.bare_extraction(
            tree,
            url=_without_query(url),  # it logs the address
            include_comments=False,
            with_metadata=True,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )
    except ValueError as exc:  # it makes numbers of whatever looks like one
        raise SourceRefused("the page cannot be read", code="article_refused:broken") from exc
    told = (getattr(found, "text", None) or "").strip()
    if len(told) < MIN_TEXT_CHARS:
        raise _no_text()
    return Article(
        title=_field(getattr(found, "title", None)),
        text=_cut(told),
        author=_field(getattr(found, "author", None)),
        published=_told_date(tree, url, getattr(found, "date", None)),
        language=language if LANGUAGE.fullmatch(language) else None,
    )


def _no_text() -> SourceRefused:
    return SourceRefused(
        "the page shows no article; it may want a subscription, or a browser that runs its scripts",
        code="article_refused:no_text",
    )


def _without_scripts(tree: Any) -> None:
    """Take all scripts out of an lxml tree but JSON-LD that is JSON.

    trafilatura searches broken JSON-LD with patterns that take the square of its length: 300 kB took 111 s.
    """
    for script in list(tree.iter("script")):
        is_data = script.get("type", "").strip().lower() == "application/ld+json"
        if not (is_data and _is_json(script.text or "")):
            script.drop_tree()


def _without_long_fields(tree: Any) -> None:
    """Take out the fields of a page's head that are too long to be meant: they, too, are searched with slow patterns."""
    for field in [*tree.iter("meta"), *tree.iter("title")]:
        if len(field.get("content", "")) > MAX_META_CHARS or len(field.text or "") > MAX_META_CHARS:
            field.drop_tree()


def _is_json(told: str) -> bool:
    try:
        return len(told) <= MAX_JSON_CHARS and isinstance(json.loads(told), dict | list)
    except (ValueError, RecursionError):
        return False


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _cut(told: str) -> str:
    """Return the text, cut after a whole paragraph, line or word if it is too long."""
    if len(told) <= MAX_TEXT_CHARS:
        return told
    kept = told[:MAX_TEXT_CHARS]
    ends = [kept.rfind(mark) for mark in ("\n\n", "\n", " ")]
    return kept[: next((end for end in ends if end > MAX_TEXT_CHARS // 2), MAX_TEXT_CHARS)].rstrip()


def _field(told: str | None) -> str | None:
    return " ".join(told.split())[:MAX_FIELD_CHARS] or None if told else None


def _told_date(tree: Any, url: str, found: str | None) -> date | None:
    """Return a date that was found if the page's data, not only its text, or its address says it: a guess is unknown."""
    try:
        day = date.fromisoformat(found or "")
    except ValueError:
        return None
    told = [url, *(script.text or "" for script in tree.iter("script"))]
    told += [element.get(name, "") for tag, name in DATED for element in tree.iter(tag)]
    return day if any(f"{day:{form}}" in one for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d") for one in told) else None

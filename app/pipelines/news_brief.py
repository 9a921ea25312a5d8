"""news-brief: pages, named one by one or by a feed, become one digest with a link to each.

Every page is fetched through the one guard, as its site's robots.txt permits, and summarized on its own and in parallel;
the digest is written from the summaries only. A page that cannot be read is left out, named, and says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from app.domain.brand import BrandKit
from app.domain.states import PieceState, QuotaUnit
from app.pipelines.news_texts import (
    Digest,
    Summary,
    digest_prompt,
    markdown,
    problems_of_digest,
    problems_of_summary,
    summary_prompt,
)
from app.pipelines.order import Order, locale_line
from app.pipelines.pipeline import Done, Made, NewPiece, Pipeline, Stage, Work
from app.pipelines.stages import text_stage
from app.pipelines.urls import WebUrl

MOST_ARTICLES = 20
ARTICLES_PER_ITEM = 5  # a brief of five costs about as much as one listing or answer
TEXT_CHARACTERS = 12_000  # of an article: about 2,000 words, where the news is told
NOT_FETCHED = "it could not be read"


class NewsBriefRequest(Order):
    """What is ordered: pages, or a feed."""

    urls: list[WebUrl] | None = Field(
        None, min_length=1, max_length=MOST_ARTICLES, description="The articles' pages; give these or a feed_url."
    )
    feed_url: WebUrl | None = Field(
        None, validate_default=True, description="An RSS, Atom or JSON feed; its newest articles are read."
    )
    items: int = Field(10, ge=1, le=MOST_ARTICLES, description="How many articles of the feed are read.")
    focus: str | None = Field(None, min_length=3, max_length=200, description="What you read it for.")
    length: Literal["short", "medium", "long"] = Field("medium", description="How much is said of each article.")

    @field_validator("urls")
    @classmethod
    def _each_once(cls, urls: list[str] | None) -> list[str] | None:
        return None if urls is None else list(dict.fromkeys(urls))

    @field_validator("feed_url")
    @classmethod
    def _one_of_both(cls, feed_url: str | None, told: ValidationInfo) -> str | None:
        if "urls" in told.data and (told.data["urls"] is None) == (feed_url is None):
            raise ValueError("give either urls or a feed_url")
        return feed_url


def articles_of(request: NewsBriefRequest) -> int:
    """Return how many articles are read at most."""
    return len(request.urls) if request.urls else request.items


def opening(request: NewsBriefRequest, _brand: BrandKit) -> Sequence[NewPiece]:
    """Return the feed, or a piece for each page, all of which can be read at once."""
    if request.urls is None:
        return [NewPiece("feed", 0, {"url": request.feed_url})]
    return [NewPiece("article", n, {"url": url}) for n, url in enumerate(request.urls)]


def read_feed(work: Work) -> Done:
    """Fetch the feed and open a piece for each of its newest articles."""
    listed = {str(one["url"]): str(one["title"]) for one in work.web.items(work.data["url"]) if one["url"]}
    newest = list(listed.items())[: work.request.items]
    if not newest:
        return Done(failure=("feed_empty", "the feed names no articles"))
    return Done(
        data={"articles": len(newest)},
        opens=[NewPiece("article", n, {"url": url, "title": title}) for n, (url, title) in enumerate(newest)],
    )


def read_article(work: Work) -> Done:
    """Fetch a page and keep its main text for the summary."""
    found = work.web.article(work.data["url"])
    return Done(
        data={
            "title": found["title"] or work.data.get("title") or host_of(work.data["url"]),
            "link": found["url"],
            "author": found["author"],
            "published": found["published"],
            "material": shortened(found["text"]),
        }
    )


def shortened(text: str) -> str:
    """Return a text, cut after a word if it is longer than is read."""
    return text if len(text) <= TEXT_CHARACTERS else text[:TEXT_CHARACTERS].rpartition(" ")[0] or text[:TEXT_CHARACTERS]


def host_of(url: str) -> str:
    """Return whose page it is; the url itself when its host cannot be read."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def summarize(work: Work) -> Done:
    """Have one article summarized, from its text only."""
    request: NewsBriefRequest = work.request
    reply = work.ask.structured(
        "extract",
        summary_prompt(work.data, request.focus, request.language, locale=locale_line(request)),
        Summary,
        name="article_summary",
        check=lambda reply: problems_of_summary(reply, request.language),
    )
    return Done(data=reply.model_dump())


def write_digest(work: Work) -> Done:
    """Have the digest written, from the summaries only; the links are ours, no model has to copy them."""
    request: NewsBriefRequest = work.request
    count = len(work.data["material"])
    digest = work.ask.structured(
        "write_copy",
        digest_prompt(
            work.data["material"], request.focus, request.length, request.language, locale=locale_line(request)
        ),
        Digest,
        name="news_digest",
        check=lambda reply: problems_of_digest(reply, count, request.length, request.language),
    )
    links = work.data["material"]
    groups = [
        {
            "heading": part.heading,
            "items": [
                {"title": links[one.article - 1]["headline"], "text": one.text, "url": links[one.article - 1]["link"]}
                for one in part.items
            ],
        }
        for part in digest.groups
    ]
    return Done(data={"title": digest.title, "overview": digest.overview, "groups": groups})


def then(_request: NewsBriefRequest, _brand: BrandKit, made: Sequence[Made]) -> Sequence[NewPiece]:
    """Open the digest once all articles are over, with their summaries, and the names of those that are missing."""
    articles = sorted((piece for piece in made if piece.kind == "article"), key=lambda piece: piece.position)
    material = [
        {name: piece.data[name] for name in ("headline", "summary", "key_facts", "link")}
        for piece in articles
        if piece.is_ready
    ]
    missing = [
        {"url": piece.data["url"], "why": (piece.failure or {}).get("message") or NOT_FETCHED}
        for piece in articles
        if not piece.is_ready
    ]
    return [NewPiece("digest", 0, {"material": material, "missing": missing})] if material else []


def counts(request: NewsBriefRequest) -> Mapping[str, int]:
    """Return how many pieces of each kind the run has; of a feed at most."""
    feed = {"feed": 1} if request.urls is None else {}
    return {**feed, "article": articles_of(request), "digest": 1}


def heading(request: NewsBriefRequest) -> str:
    """Return what the brief is about, or whose pages it reads: `Brief: a.example, b.example and 3 more`."""
    if request.focus:
        return f"Brief: {request.focus}"
    hosts = list(dict.fromkeys(host_of(url) for url in request.urls or [request.feed_url or ""]))
    more = f" and {len(hosts) - 2} more" if len(hosts) > 2 else ""  # noqa: PLR2004 - two names fit into a line
    return f"Brief: {', '.join(hosts[:2])}{more}"


def texts(pieces: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the digest {title, overview, groups, missing}; None while there is none."""
    digest = next((piece for piece in pieces.get("digest", ()) if "groups" in piece), None)
    names = ("title", "overview", "groups", "missing")
    return {"digest": digest and {name: digest[name] for name in names}}


def files(request: NewsBriefRequest, pieces: Mapping[str, Sequence[Mapping[str, Any]]]) -> Mapping[str, str]:
    """Return the digest as Markdown, each article with its link."""
    digests = pieces.get("digest", ())
    return {"brief.md": markdown(digests[0], request.language)} if digests else {}


PIPELINE = Pipeline(
    name="news-brief",
    version=1,
    title="Pages or a feed become one digest with links.",
    request=NewsBriefRequest,
    charges=lambda request: {QuotaUnit.ITEMS: math.ceil(articles_of(request) / ARTICLES_PER_ITEM)},
    opening=opening,
    counts=counts,
    heading=heading,
    tracks={
        "feed": (Stage("read_feed", read_feed, PieceState.READY, "text", expected_s=1, max_attempts=3),),
        "article": (
            Stage(
                "read_article", read_article, PieceState.PENDING, "text",
                keeps="material", expected_s=1.5, max_attempts=3,
            ),
            text_stage(
                summarize, "extract", keeps="summary",
                max_tokens=(16_000, 900), expected_tokens=(1_700, 230), expected_s=2,
            ),
        ),
        "digest": (
            text_stage(
                write_digest, "write_copy", keeps="groups",
                max_tokens=(20_000, 6_000), expected_tokens=(2_200, 900), expected_s=7,
            ),
        ),
    },
    texts=texts,
    then=then,
    tolerates=frozenset({"article"}),
    files=files,
)  # fmt: skip

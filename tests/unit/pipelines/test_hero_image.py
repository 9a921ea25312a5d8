"""hero-image: what is ordered, what is read, what the art director is told. All pure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.brand import DEFAULT_BRAND
from app.domain.errors import FetchFailed, SourceRefused, UrlRefused
from app.domain.states import QuotaUnit
from app.pipelines import hero_image
from app.pipelines.hero_image import PIPELINE, HeroImageRequest
from app.pipelines.pipeline import Layout, Work

URL = "https://blog.example/harbours"
PAGE = {"title": "How harbours stay open", "text": "How harbours stay open\n\nIcebreakers work at night. " * 200}


class Reader:
    """A `web` that knows one page, or cannot fetch it."""

    def __init__(self, found: dict[str, Any] | Exception) -> None:
        self.found = found

    def article(self, _url: str) -> dict[str, Any]:
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


def work(request: HeroImageRequest, found: Any = None, *, data: Any = None, kind: str = "source", **more: Any) -> Work:
    told = {"url": URL} if data is None else data
    return Work(request, DEFAULT_BRAND, kind, 0, told, None, None, lambda _: {}, web=Reader(found), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"summary": "only that"},
        {"title": "ab"},
        {"title": "t" * 201},
        {"title": "abc", "summary": "s" * 2001},
        {"url": "ftp://blog.example"},
        {"url": "https://user:pass@blog.example"},
        {"url": "https:///nowhere"},
        {"url": "https://blog.example/" + "a" * 2048},
        {"title": "abc", "aspect_ratio": "3:2"},
        {"title": "abc", "topic": "x"},
    ],
    ids=str,
)
def test_an_order_about_nothing_or_with_a_wrong_field_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HeroImageRequest(**said)


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({"title": "abc"}, ["hero"]),
        ({"title": "abc", "with_title": True}, ["titled_hero"]),
        ({"title": "abc", "summary": "s", "url": URL}, ["hero"]),
        ({"title": "abc", "url": URL}, ["source"]),
        ({"url": URL, "with_title": True}, ["source"]),
    ],
)
def test_the_page_is_read_only_for_what_the_order_does_not_say(said: dict[str, Any], kinds: list[str]) -> None:
    request = HeroImageRequest(**said)

    assert [piece.kind for piece in PIPELINE.opening(request, DEFAULT_BRAND)] == kinds
    assert sum(PIPELINE.counts(request).values()) == 1 + (kinds == ["source"])


def test_one_run_takes_one_picture_of_the_month() -> None:
    assert PIPELINE.charges_of(HeroImageRequest(title="abc")) == {QuotaUnit.IMAGES: 1}


def test_what_is_read_goes_into_the_picture_within_its_lengths() -> None:
    done = hero_image.read_article(work(HeroImageRequest(url=URL), PAGE))

    (hero,) = done.opens
    assert hero.data["title"] == PAGE["title"]
    assert hero.data["summary"].startswith("Icebreakers work")
    assert len(hero.data["summary"]) <= 2_000


def test_the_orders_own_words_go_before_the_pages() -> None:
    done = hero_image.read_article(work(HeroImageRequest(url=URL, summary="Mine."), PAGE))

    assert done.opens[0].data == {"title": PAGE["title"], "summary": "Mine."}


def test_a_page_without_a_title_is_a_failure_that_says_what_to_do() -> None:
    done = hero_image.read_article(work(HeroImageRequest(url=URL), {"title": None, "text": "x" * 500}))

    assert done.failure == ("article_refused:no_title", "the page has no title; give the article's title")


GONE = FetchFailed("gone", why="not_found", permanent=True)
SLOW = FetchFailed("slow", why="timeout", permanent=False)
EMPTY = SourceRefused("no text", code="article_refused:no_text")
INSIDE = UrlRefused("inside", why="not_public")


@pytest.mark.parametrize("error", [GONE, EMPTY])
def test_an_order_with_a_title_goes_on_without_a_page_that_cannot_be_read(error: Exception) -> None:
    done = hero_image.read_article(work(HeroImageRequest(url=URL, title="abc"), error))

    assert done.opens[0].data == {"title": "abc", "summary": ""}
    assert done.data is not None
    assert done.data["unread"] == error.code  # type: ignore[attr-defined]


@pytest.mark.parametrize(("error", "title"), [(GONE, None), (EMPTY, None), (SLOW, "abc"), (INSIDE, "abc")])
def test_what_may_come_later_or_must_not_be_asked_is_raised(error: Exception, title: str | None) -> None:
    with pytest.raises(type(error)):
        hero_image.read_article(work(HeroImageRequest(url=URL, title=title), error))


def test_the_art_director_is_told_little_and_each_part_on_its_own_line() -> None:
    data = {"title": "A\nBrand style: neon", "summary": "word " * 900}

    prompt = hero_image.drawing_prompt(work(HeroImageRequest(title="abc"), data=data, kind="hero"))

    assert [line.partition(":")[0] for line in prompt.user.splitlines()] == [
        "Title",
        "Summary",
        "Brand style",
        "Aspect ratio",
    ]
    assert len(prompt.user) < 1_600
    assert "headline" not in prompt.system


def test_a_picture_that_gets_its_title_later_keeps_room_for_it() -> None:
    data = {"title": "abc", "summary": ""}

    prompt = hero_image.drawing_prompt(work(HeroImageRequest(title="abc"), data=data, kind="titled_hero"))

    assert "headline" in prompt.system


def test_a_title_that_has_no_room_is_refused_before_anything_is_paid() -> None:
    data = {"title": "abc", "summary": ""}
    held = work(HeroImageRequest(title="abc"), data=data, kind="titled_hero", fits=lambda _: "too long")

    failure = hero_image.draft_prompt(held).failure

    assert failure is not None
    assert failure[0] == "text_does_not_fit"


def test_the_title_stands_on_a_canvas_of_the_ordered_ratio() -> None:
    request = HeroImageRequest(title="abc", aspect_ratio="9:16")

    assert hero_image.layout(request, "titled_hero", 0, {"title": "abc"}) == Layout(
        "article", 0, 1, "abc", "", (1080, 1920)
    )


def test_the_result_has_no_inner_keys() -> None:
    told = PIPELINE.texts({"hero": [{"title": "abc", "summary": "s", "opened_with": "x"}]})

    assert told == {"title": "abc", "summary": "s", "url": None, "unread": None}

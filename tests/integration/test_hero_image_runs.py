"""Whole runs of hero-image: from a title, from an article's page, with its title on it; and what fails."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fetch_servers import Page, Site, keep_on_loopback, serving

from app.db.session import transaction
from app.domain.states import PieceState, QuotaUnit, RunState
from app.runs.view import Links, run_view
from app.storage import storage
from harness import Installation, Sandbox, forget_settings
from orders import a_user, calls_of, order, pieces_of, run_of, used
from rendering import PAINTERS, at, billed, journaled, use_routes
from working import shown, worked

TITLE, SUMMARY = "How harbours stay open in winter", "Icebreakers work at night, so that ships find a lane at dawn."
PARAGRAPH = "Every winter the harbour of Oulu freezes, and every night two icebreakers open a lane for the ships. " * 8
ARTICLE = f"<html><head><title>{TITLE}</title></head><body><article><h1>{TITLE}</h1><p>{PARAGRAPH}</p></article></body></html>"


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    """A blog on loopback, which the operator allows."""
    assert tmp_path
    keep_on_loopback(monkeypatch)
    with serving({"/a": Page(ARTICLE.encode())}) as made:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(made.port))
        forget_settings()
        yield made


def url_of(site: Site, path: str = "/a") -> str:
    return f"http://127.0.0.1:{site.port}{path}"


def texts_of(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return dict(run_view(session, run_of(run_id), storage().url, Links("http://x", "http://x"))["texts"])


def purposes(run_id: uuid.UUID) -> list[str]:
    """Return what models were asked for, without the free screening."""
    return [call.purpose for call in calls_of(run_id) if call.purpose != "screen_image"]


def test_a_title_and_a_summary_become_one_wide_picture(sandbox: Sandbox) -> None:
    user = a_user()
    run_id = order(user, "hero-image", title=TITLE, summary=SUMMARY)

    assert worked(run_id) is RunState.READY

    (hero,) = pieces_of(run_id)
    assert hero.picture is not None
    assert hero.picture["width"] / hero.picture["height"] == pytest.approx(16 / 9, rel=0.05)
    assert hero.composed is None
    assert purposes(run_id) == ["draft_prompt", "render_image", "review_image"]
    assert used(user, QuotaUnit.IMAGES) == 1
    assert journaled(run_id) == billed(sandbox)


def test_an_article_is_read_for_its_title_and_summary(site: Site) -> None:
    run_id = order(None, "hero-image", url=url_of(site))

    assert worked(run_id) is RunState.READY

    texts = texts_of(run_id)
    assert texts["title"] == TITLE
    assert texts["summary"].startswith("Every winter the harbour of Oulu freezes")
    assert len(texts["summary"]) <= 2_000
    assert texts["unread"] is None


def test_nothing_is_read_where_title_and_summary_are_ordered(site: Site) -> None:
    run_id = order(None, "hero-image", title=TITLE, summary=SUMMARY, url=url_of(site))

    assert worked(run_id) is RunState.READY
    assert site.asked == []


def test_the_title_is_set_on_the_picture_where_that_is_wanted() -> None:
    run_id = order(None, "hero-image", title=TITLE, with_title=True, aspect_ratio="1:1")

    assert worked(run_id) is RunState.READY

    (hero,) = pieces_of(run_id)
    assert hero.picture is not None
    assert hero.composed is not None
    assert (hero.composed["title"], hero.composed["on_picture"]) == (TITLE, True)
    assert shown(hero).size == (1080, 1080)


def test_a_page_that_is_gone_ends_the_run_before_anything_is_paid(site: Site) -> None:
    user = a_user()
    run_id = order(user, "hero-image", url=url_of(site, "/gone"))

    assert worked(run_id) is RunState.FAILED

    failure = run_of(run_id).failure
    assert failure is not None
    assert failure["code"] == "fetch_failed:not_found"
    assert (calls_of(run_id), used(user, QuotaUnit.IMAGES), used(user, QuotaUnit.MONEY)) == ([], 0, 0)


def test_with_a_title_a_page_that_is_gone_does_not_matter(site: Site) -> None:
    run_id = order(None, "hero-image", title=TITLE, url=url_of(site, "/gone"))

    assert worked(run_id) is RunState.READY
    assert (texts_of(run_id)["title"], texts_of(run_id)["unread"]) == (TITLE, "fetch_failed:not_found")


def test_an_address_inside_is_not_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "")
    forget_settings()
    run_id = order(None, "hero-image", title=TITLE, url=url_of(site))

    assert worked(run_id) is RunState.FAILED

    failure = run_of(run_id).failure
    assert failure is not None
    assert failure["code"] == "url_refused:not_public"
    assert site.asked == []


def test_a_picture_that_every_painter_blocks_fails_and_the_charge_is_given_back(sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "blocked") for vendor in PAINTERS))
    user = a_user()
    run_id = order(user, "hero-image", title=TITLE)

    assert worked(run_id) is RunState.FAILED
    (hero,) = pieces_of(run_id)
    assert hero.state is PieceState.FAILED
    assert used(user, QuotaUnit.IMAGES) == 0


@pytest.mark.parametrize(
    ("language", "title"), [("ur", "سردیوں میں بندرگاہیں کیسے کھلی رہتی ہیں"), ("ja", "冬の港を開けておく方法")]
)
def test_titles_in_any_letters_are_drawn_and_set(language: str, title: str) -> None:
    run_id = order(None, "hero-image", title=title, with_title=True, language=language)

    assert worked(run_id) is RunState.READY

"""Whole runs of product-photo, and of an ad, from a picture of the user's: fetched, retouched, checked, retouched again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from fetch_servers import Page, Site, serving

from app.db.session import transaction
from app.domain.states import QuotaUnit, RunState
from app.runs.view import Links, run_view
from app.storage import storage
from harness import Installation, Sandbox, forget_settings
from making import piece_now
from next_rounds import resume
from orders import a_user, calls_of, order, pieces_of, run_of, used
from pngs import logo
from rendering import at, billed, journaled, only, use_routes
from working import worked

BRIEF = "A hand-thrown stoneware mug, speckled white, with a thick handle."
GIVEN = logo((640, 480), "RGB")


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A shop on loopback, which the operator allows."""
    pages = {"/mug.png": Page(GIVEN, content_type="image/png"), "/mug.html": Page()}
    with serving(pages) as served:
        monkeypatch.setenv("PRESSROOM_FETCH_ALLOW", "127.0.0.0/8")
        monkeypatch.setenv("PRESSROOM_FETCH_PORTS", str(served.port))
        forget_settings()
        yield served


def bad(times: int) -> dict[str, object]:
    return {
        "match": {"kind": "json", "times": times},
        "fault": "bad_verdict",
        "params": {"reason": "the handle is bent"},
    }


def asked(run_id: uuid.UUID) -> list[str]:
    """Return what models were asked for, without the free screening."""
    return [call.purpose for call in calls_of(run_id) if call.purpose != "screen_image"]


def view_of(run_id: uuid.UUID) -> dict[str, Any]:
    with transaction() as session:
        return run_view(session, run_of(run_id), storage().url, Links("http://x", "http://x"))


def test_a_brief_becomes_a_checked_photo_and_all_that_it_cost_is_journaled(sandbox: Sandbox) -> None:
    user = a_user()
    run_id = order(user, "product-photo", brief=BRIEF, aspect_ratio="4:5", background="raw linen")

    assert worked(run_id) is RunState.READY
    assert asked(run_id) == ["draft_prompt", "render_image", "review_image"]
    assert only(pieces_of(run_id)[0].review)["is_good"] is True
    assert billed(sandbox) == journaled(run_id)
    assert used(user, QuotaUnit.IMAGES) == 1


def test_what_the_check_refuses_is_retouched_twice_and_each_verdict_is_shown(sandbox: Sandbox) -> None:
    sandbox.fail(bad(2))
    run_id = order(None, "product-photo", brief=BRIEF)

    assert worked(run_id) is RunState.READY

    assert asked(run_id) == ["draft_prompt", "render_image", *["review_image", "refine_image"] * 2, "review_image"]
    (photo,) = view_of(run_id)["pieces"]
    assert [one["problems"] for one in photo["refused"]] == [["the handle is bent"]] * 2
    assert len({one["url"] for one in photo["refused"]} | {photo["picture"]["url"]}) == 3
    assert photo["review"] == {"is_good": True, "problems": []}


def test_the_third_refusal_ends_it_with_its_notes_and_the_charge_is_given_back(sandbox: Sandbox) -> None:
    sandbox.fail(bad(3))
    user = a_user()
    run_id = order(user, "product-photo", brief=BRIEF)

    assert worked(run_id) is RunState.FAILED

    (photo,) = view_of(run_id)["pieces"]
    assert photo["failure"]["code"] == "picture_refused:review"
    assert "the handle is bent" in photo["failure"]["message"]
    assert len(photo["refused"]) == 3
    assert used(user, QuotaUnit.IMAGES) == 0


def test_a_given_picture_is_fetched_once_edited_and_shown_to_the_check(site: Site) -> None:
    run_id = order(None, "product-photo", brief=BRIEF, reference_url=f"http://127.0.0.1:{site.port}/mug.png")

    assert worked(run_id) is RunState.READY

    assert site.paths == ["/mug.png"]
    assert asked(run_id) == ["draft_prompt", "refine_image", "review_image"]
    assert "given" not in view_of(run_id)["pieces"][0]["data"]


def test_an_ad_is_made_around_a_given_picture(site: Site) -> None:
    run_id = order(None, "ad", brief=BRIEF, reference_url=f"http://127.0.0.1:{site.port}/mug.png")

    assert worked(run_id) is RunState.READY
    assert asked(run_id) == ["draft_prompt", "refine_image", "review_image"]


@pytest.mark.parametrize("pipeline", ["product-photo", "ad"])
def test_what_is_no_picture_ends_it_before_anything_is_paid(site: Site, sandbox: Sandbox, pipeline: str) -> None:
    user = a_user()
    run_id = order(user, pipeline, brief=BRIEF, reference_url=f"http://127.0.0.1:{site.port}/mug.html")

    assert worked(run_id) is RunState.FAILED
    assert (billed(sandbox), calls_of(run_id)) == (0, [])
    assert (used(user, QuotaUnit.IMAGES), used(user, QuotaUnit.ADS)) == (0, 0)


def test_an_address_inside_is_never_asked(sandbox: Sandbox) -> None:
    run_id = order(None, "product-photo", brief=BRIEF, reference_url="http://127.0.0.1/mug.png")

    assert worked(run_id) is RunState.FAILED
    assert only(pieces_of(run_id)[0].failure)["code"] == "url_refused:not_public"
    assert billed(sandbox) == 0


def test_a_resume_fetches_and_drafts_nothing_again(site: Site, sandbox: Sandbox) -> None:
    sandbox.fail(*(at(vendor, "blocked") for vendor in ("gemini", "openai", "gateway", "leonardo")))
    user = a_user()
    run_id = order(user, "product-photo", brief=BRIEF, reference_url=f"http://127.0.0.1:{site.port}/mug.png")
    assert worked(run_id) is RunState.FAILED
    sandbox.fail()

    resume(run_id, user)
    assert worked(run_id) is RunState.READY

    assert site.paths == ["/mug.png"]
    assert asked(run_id).count("draft_prompt") == 1
    assert piece_now(pieces_of(run_id)[0].id).state == "READY"
    assert used(user, QuotaUnit.IMAGES) == 1

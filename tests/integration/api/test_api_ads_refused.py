"""Ads over HTTP: what is refused, what fails, and that neither takes a picture away or a charge too many."""

from __future__ import annotations

import pytest
from ad_calls import BRIEF, asked, choose, history, made, ordered, refine, refined, shown
from callers import Caller
from sqlalchemy import update

from app.db.models import QuotaMonth, User
from app.db.session import transaction
from app.domain.states import QuotaUnit, RunState
from asking import fault
from harness import Installation, Sandbox
from making import timed_out
from next_rounds import cancel, resume
from orders import pieces_of, run_of, used
from rendering import at, use_routes
from working import worked

PAINTERS = ("gemini", "openai", "gateway", "leonardo")


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


def test_a_stranger_sees_and_changes_nothing(call: Caller, stranger: Caller) -> None:
    run_id = made(call)

    for answer in (
        stranger("GET", f"/api/ads/{run_id}"),
        refine(stranger, run_id),
        choose(stranger, run_id, 0),
    ):
        assert answer.status_code == 404
    assert run_of(run_id).round == 1


def test_a_run_of_another_pipeline_is_no_ad(call: Caller) -> None:
    run_id = call("POST", "/api/generate/images", json={"prompts": ["a red fox"]}).get_json()["id"]

    assert call("GET", f"/api/ads/{run_id}").status_code == 404
    assert refine(call, run_id).status_code == 404


def test_a_wrong_instruction_is_refused_by_name(call: Caller) -> None:
    run_id = ordered(call)
    for instruction in ("", "ab", "  a  ", "x" * 501, 7, None):
        answer = refine(call, run_id, instruction)
        assert (answer.status_code, list(answer.get_json()["fields"])) == (422, ["instruction"])


def test_a_wrong_revision_is_refused_by_name(call: Caller) -> None:
    run_id = ordered(call)
    for revision in (-1, "0", True, None, 10**7):
        answer = choose(call, run_id, revision)
        assert (answer.status_code, list(answer.get_json()["fields"])) == (422, ["revision"])


def test_a_revision_that_is_not_there_is_not_found(call: Caller) -> None:
    answer = choose(call, made(call), 1)

    assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_revision")


def test_a_wrong_order_is_refused_by_name_and_counts_for_nothing(call: Caller, user: User) -> None:
    for field, request in (
        ("brief", {"brief": "too short"}),
        ("headline", {"headline": "x" * 61}),
        ("cta", {"cta": "Buy"}),
        ("format", {"format": "1.91:1"}),
        ("reference_url", {"reference_url": "ftp://shop.example/shoe.png"}),
    ):
        answer = call("POST", "/api/generate/ad", json={"brief": BRIEF, **request})
        assert (answer.status_code, list(answer.get_json()["fields"])) == (422, [field])
    assert used(user, QuotaUnit.ADS) == 0


def test_a_refinement_that_fails_leaves_the_current_picture_and_gives_its_place_to_the_next(
    call: Caller, sandbox: Sandbox, user: User
) -> None:
    run_id = made(call)
    sandbox.fail(*(at(vendor, "blocked") for vendor in PAINTERS))
    assert refined(call, run_id, "set it on fire") is RunState.PARTIAL

    ad = shown(call, run_id)
    assert (ad["current"], [one["status"] for one in ad["revisions"]]) == (0, ["READY", "FAILED"])
    assert ad["revisions"][1]["failure"]["code"] == "prompt_blocked"
    assert ad["revisions"][1]["url"] is None
    refused = choose(call, run_id, 1)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "revision_not_ready")
    assert used(user, QuotaUnit.ADS) == 1

    sandbox.fail()
    assert refined(call, run_id, "warmer light") is RunState.READY
    assert [(one["revision"], one["instruction"]) for one in history(call, run_id)] == [(0, None), (1, "warmer light")]
    assert shown(call, run_id)["current"] == 1


def test_a_refinement_that_failed_can_be_resumed(call: Caller, sandbox: Sandbox, user: User) -> None:
    run_id = made(call)
    sandbox.fail(*(at(vendor, "blocked") for vendor in PAINTERS))
    refined(call, run_id)
    sandbox.fail()

    resume(run_id, user)

    assert worked(run_id) is RunState.READY
    assert [(one["instruction"], one["current"]) for one in history(call, run_id)][1] == ("make the sky darker", True)
    assert used(user, QuotaUnit.ADS) == 1


def test_an_ad_without_a_picture_gives_its_charge_back_and_cannot_be_refined(
    call: Caller, sandbox: Sandbox, user: User
) -> None:
    sandbox.fail(*(at(vendor, "blocked") for vendor in PAINTERS))
    run_id = ordered(call)
    assert worked(run_id) is RunState.FAILED

    answer = refine(call, run_id)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "no_picture")
    assert (shown(call, run_id)["current"], used(user, QuotaUnit.ADS)) == (None, 0)


def test_a_canceled_ad_cannot_be_refined(call: Caller) -> None:
    run_id = ordered(call)
    cancel(run_id)

    answer = refine(call, run_id)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "canceled")


def test_a_refinement_that_nobody_works_on_ends_and_the_current_picture_stays(call: Caller) -> None:
    run_id = made(call)
    refine(call, run_id)

    timed_out(run_id)

    ad = shown(call, run_id)
    assert (ad["status"], ad["current"]) == ("PARTIAL", 0)
    assert ad["revisions"][1]["failure"]["code"] == "timed_out"


def test_an_ads_own_cap_holds_over_all_its_revisions(call: Caller) -> None:
    run_id = made(call, max_cost_usd=0.08)  # the first picture leaves too little for the cheapest other one

    assert refined(call, run_id) is RunState.PARTIAL

    ad = shown(call, run_id)
    assert ad["revisions"][1]["failure"]["code"] == "run_budget_reached"
    assert (ad["current"], run_of(run_id).spent_micro_usd <= 80_000) == (0, True)


def test_a_refinement_that_the_month_has_no_money_for_opens_nothing(call: Caller, user: User) -> None:
    run_id = made(call)
    with transaction() as session:
        limit = user.plan.terms.limit(QuotaUnit.MONEY)
        session.execute(update(QuotaMonth).where(QuotaMonth.unit == QuotaUnit.MONEY).values(used=limit))

    answer = refine(call, run_id, **{"Idempotency-Key": "k"})

    assert (answer.status_code, answer.get_json()["code"]) == (429, "budget_exceeded")
    assert (run_of(run_id).state, run_of(run_id).round, len(history(call, run_id))) == (RunState.READY, 1, 1)


def test_the_review_sees_what_was_asked_since_and_a_refused_edit_is_edited_again(
    call: Caller, sandbox: Sandbox
) -> None:
    run_id = made(call)
    sandbox.fail(fault("bad_verdict") | {"match": {"kind": "json", "times": 1}})

    assert refined(call, run_id) is RunState.READY

    second = next(piece for piece in pieces_of(run_id) if piece.position == 1)
    assert [one["verdict"]["is_good"] for one in second.refused] == [False]
    assert asked(run_id, 2) == ["refine_image", "review_image"] * 2
    piece_view = next(piece for piece in shown(call, run_id)["pieces"] if piece["position"] == 1)
    assert piece_view["refused"][0]["problems"]


def test_what_stands_inside_a_revision_is_neither_shown_nor_editable(call: Caller) -> None:
    run_id = made(call)
    refined(call, run_id)
    piece = next(piece for piece in pieces_of(run_id) if piece.position == 1)

    views = {piece["id"]: piece["data"] for piece in shown(call, run_id)["pieces"]}
    assert views[str(piece.id)] == {"turn": 1}
    for field in ("change", "given", "turn"):
        answer = call("PATCH", f"/api/runs/{run_id}/pieces/{piece.id}", json={field: "../../elsewhere"})
        assert (answer.status_code, answer.get_json()["code"]) == (422, "not_editable")


def test_a_refinement_that_a_filter_blocks_once_is_made_in_safer_words_and_can_be_refined_on(
    call: Caller, sandbox: Sandbox
) -> None:
    run_id = made(call)
    sandbox.fail(at("gemini", "blocked", times=1))

    assert refined(call, run_id, "add fireworks") is RunState.READY
    assert asked(run_id, 2) == ["refine_image", "rewrite_prompt", "render_image", "review_image"]
    assert refined(call, run_id, "warmer light") is RunState.READY

    assert [one["from"] for one in history(call, run_id)] == [None, 0, 1]
    second, third = (piece for piece in pieces_of(run_id) if piece.position > 0)
    assert third.data["change"]["prompt"] == second.prompt
    assert third.data["change"]["asked"] == ["warmer light"]

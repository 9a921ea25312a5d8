"""The vision review: every picture is looked at; a refused one is changed in place or made anew, and the third decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.states import PieceState
from app.runs.claims import Claim
from asking import act
from harness import Installation, Sandbox
from making import complete, piece_now, take
from orders import a_user, calls_of
from rendering import GEMINI, at, billed, journaled, only, outcomes, rendered, to_render, use_routes
from routing import SHIPPED, write_routes

BAD = {"match": {"kind": "json"}, "fault": "bad_verdict", "params": {"reason": "there is a watermark in the corner"}}


def bad(times: int) -> dict[str, object]:
    return BAD | {"match": {"kind": "json", "times": times}}


@pytest.fixture(autouse=True)
def _shipped_routes(monkeypatch: pytest.MonkeyPatch, database: Installation, sandbox: Sandbox) -> None:
    assert database
    assert sandbox
    use_routes(monkeypatch)


@pytest.fixture
def reviewing() -> Claim:
    """The claim of a piece whose picture is to be looked at."""
    return to_review()


def to_review(prompt: str = "a lighthouse at dusk over a calm sea") -> Claim:
    held = to_render(prompt)
    rendered(held)
    return take(held.piece)


def looked_at(held: Claim) -> Claim:
    """Review the claimed piece, write the verdict, and render again if that is what follows."""
    moved = complete(held, act(held))
    if moved.is_back:
        rendered(take(held.piece))
    return held


def test_a_good_picture_is_accepted_with_its_verdict(reviewing: Claim) -> None:
    looked_at(reviewing)

    piece = piece_now(reviewing.piece.id)
    assert only(piece.review)["is_good"] is True
    assert piece.step == "compose"


def test_the_reviewing_model_sees_the_picture(reviewing: Claim) -> None:
    looked_at(reviewing)

    (call,) = [call for call in calls_of(reviewing.run.id) if call.purpose == "review_image"]
    assert (call.provider, call.model) == ("anthropic", "claude-sonnet-4-6")
    assert (call.tokens_in or 0) > 258  # what the sandbox counts for a picture


def test_a_review_is_priced_and_the_sum_is_the_bill(reviewing: Claim, sandbox: Sandbox) -> None:
    looked_at(reviewing)

    assert journaled(reviewing.run.id) == billed(sandbox)


def test_a_refused_picture_is_changed_in_place(reviewing: Claim, sandbox: Sandbox) -> None:
    before = only(piece_now(reviewing.piece.id).picture)
    sandbox.fail(bad(1))

    looked_at(reviewing)

    piece = piece_now(reviewing.piece.id)
    assert outcomes(reviewing.run.id, "refine_image") == [(GEMINI, None)]
    assert only(piece.picture)["sha256"] != before["sha256"]
    assert piece.step == "review_image"


def test_a_refused_picture_and_its_verdict_are_kept(reviewing: Claim, sandbox: Sandbox) -> None:
    before = only(piece_now(reviewing.piece.id).picture)
    sandbox.fail(bad(1))

    looked_at(reviewing)

    (refused,) = piece_now(reviewing.piece.id).refused
    assert refused["picture"]["key"] == before["key"]
    assert refused["verdict"]["problems"]


def test_where_no_provider_can_change_it_the_picture_is_made_anew(
    reviewing: Claim, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_routes(monkeypatch, write_routes(tmp_path / "r.toml", base=SHIPPED, refine_image={"enabled": False}))
    sandbox.fail(bad(1))

    looked_at(reviewing)

    assert outcomes(reviewing.run.id, "refine_image") == []
    assert outcomes(reviewing.run.id) == [(GEMINI, None)] * 2


def test_the_changed_picture_is_looked_at_too(reviewing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(bad(1))
    looked_at(reviewing)

    looked_at(take(reviewing.piece))

    piece = piece_now(reviewing.piece.id)
    assert (only(piece.review)["is_good"], piece.step) == (True, "compose")


def test_a_picture_that_is_refused_three_times_is_not_accepted(reviewing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(BAD)
    looked_at(reviewing)
    looked_at(take(reviewing.piece))

    looked_at(take(reviewing.piece))

    piece = piece_now(reviewing.piece.id)
    assert (piece.state, only(piece.failure)["code"]) == (PieceState.FAILED, "picture_refused:review")
    assert "watermark" in str(only(piece.failure)["message"])
    assert piece.picture is None
    assert len(piece.refused) == 3


def test_the_routes_turn_the_review_off(reviewing: Claim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_routes(monkeypatch, write_routes(tmp_path / "r.toml", base=SHIPPED, review=False))

    looked_at(reviewing)

    piece = piece_now(reviewing.piece.id)
    assert (piece.review, piece.step) == ({"skipped": "turned_off"}, "compose")
    assert outcomes(reviewing.run.id, "review_image") == []


def test_a_verdict_that_is_no_verdict_is_asked_for_again(reviewing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail({"match": {"kind": "json", "times": 1}, "fault": "not_json"})

    looked_at(reviewing)

    assert only(piece_now(reviewing.piece.id).review)["is_good"] is True
    assert [code for _, code in outcomes(reviewing.run.id, "review_image")] == ["invalid_reply", None]


def test_a_review_that_was_paid_for_is_not_paid_again(reviewing: Claim, sandbox: Sandbox) -> None:
    act(reviewing)
    paid = billed(sandbox)

    act(reviewing)

    assert billed(sandbox) == paid


def test_another_reviewer_looks_when_the_first_is_away(reviewing: Claim, sandbox: Sandbox) -> None:
    sandbox.fail(at("anthropic", "internal_error", kind="json"))

    looked_at(reviewing)

    assert outcomes(reviewing.run.id, "review_image")[-1] == (GEMINI, None)
    assert only(piece_now(reviewing.piece.id).review)["is_good"] is True


def test_a_refused_picture_is_not_found_in_the_cache_again(sandbox: Sandbox) -> None:
    user = a_user()
    first = to_render("a windmill in fog", user)
    rendered(first)
    sandbox.fail(bad(1))
    held = take(first.piece)
    done = act(held)
    assert done.again == "render_image"
    from app.db.session import transaction  # noqa: PLC0415
    from workers.images import cache  # noqa: PLC0415

    with transaction() as session:
        cache.drop(session, user.id, str(only(held.piece.picture)["sha256"]))

    assert only(act(to_render("a windmill in fog", user)).picture)["cached"] is False

"""A provider, the storage or a user that goes away in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import broker
from app.db.models import Notification, Piece, QuotaMonth
from app.db.session import transaction
from app.domain.plans import Plan
from app.domain.states import CallState, PieceState, QuotaUnit, RunState
from app.storage import storage
from conditions import is_over, pictures_there
from harness import Installation, Sandbox, wait_for
from next_rounds import cancel, resume
from orders import a_user, calls_of, events_of, order, pieces_of, run_of
from rendering import asked_vendors
from routing import write_routes

FAST = {"PRESSROOM_LEASE": "3", "PRESSROOM_RESEND_AFTER": "2"}
IMAGES_FAIL = {"match": {"kind": "image"}, "fault": "model_retired"}


def used(user: Any, unit: QuotaUnit) -> int:
    with transaction() as session:
        return (
            session.scalar(select(QuotaMonth.used).where(QuotaMonth.user_id == user.id, QuotaMonth.unit == unit)) or 0
        )


def reasons(piece: Piece) -> list[str]:
    """Return why a piece has no picture: each provider's reason, or the one that is not theirs."""
    failure = piece.failure or {}
    return [cause["code"] for cause in failure.get("causes", [])] or [failure["code"]]


@pytest.mark.long
def test_a_run_without_any_picture_is_failed_refunded_and_told(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.fail(IMAGES_FAIL)
    start_workers(**FAST)
    user = a_user(Plan.FREE)

    run_id = order(user, slides=5)
    wait_for(lambda: is_over(run_id), seconds=60)

    run = run_of(run_id)
    assert run.state is RunState.FAILED
    assert [reasons(piece) for piece in pieces_of(run_id) if piece.is_picture] == [["model_retired"]] * 7
    assert len(asked_vendors(sandbox)) <= 5, "no more than were under way when the first one was told"
    assert used(user, QuotaUnit.POSTS) == 0
    assert used(user, QuotaUnit.MONEY) == run.spent_micro_usd == sum(c.cost_micro_usd or 0 for c in calls_of(run_id))
    with transaction() as session:
        assert session.scalars(select(Notification).where(Notification.run_id == run_id)).one().kind == "run_finished"


@pytest.mark.long
def test_some_missing_pictures_make_a_partial_run_with_backgrounds_that_resumes_without_paying_for_the_rest(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    rejected = {"status": 400, "type": "invalid_request_error", "message": "no"}
    sandbox.fail({"match": {"kind": "image", "call_numbers": [1, 2]}, "fault": "http_status", "params": rejected})
    start_workers(**FAST)
    user = a_user(Plan.FREE)
    run_id = order(user, slides=5)
    wait_for(lambda: is_over(run_id), seconds=60)
    assert run_of(run_id).state is RunState.PARTIAL
    failed = [piece for piece in pieces_of(run_id) if piece.state is PieceState.FAILED]
    assert [reasons(piece) for piece in failed] == [["provider_rejected"]] * 2
    assert all(piece.composed and storage().has(piece.composed["key"]) for piece in failed)
    paid_before = len(sandbox.log())
    sandbox.fail()

    resumed = resume(run_id, user)
    broker.send("runs.start", (str(run_id),))
    wait_for(lambda: is_over(run_id), seconds=60)

    assert (resumed.redone, resumed.reused) == (2, 6)
    assert run_of(run_id).state is RunState.READY
    assert len(sandbox.log()) - paid_before == 2, "only the two missing pictures were asked for"
    assert used(user, QuotaUnit.POSTS) == 1


@pytest.mark.long
def test_a_paid_picture_survives_a_storage_outage_and_no_further_one_is_bought_meanwhile(
    start_workers: Callable[..., Any], sandbox: Sandbox, installation: Installation
) -> None:
    sandbox.configure(latency="fixed:1")
    routes = write_routes(installation.data_dir / "routes.toml", limits={"gateway": {"image": {"in_flight": 2}}})
    start_workers(**FAST, PRESSROOM_STORE_PATIENCE="1", PRESSROOM_ROUTES=str(routes))
    run_id = order(slides=8)
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 2, seconds=60)

    files, away = installation.data_dir / "files", installation.data_dir / "away"
    files.rename(away)
    files.write_text("a file where the folder was: every write fails")
    wait_for(lambda: any(event.data.get("code") == "storage" for event in events_of(run_id)), seconds=60)
    bought = len([call for call in sandbox.log() if call["kind"] == "image"])
    wait_for(lambda: waiting_bytes() > 0, seconds=30, what="paid bytes wait in the database")
    files.unlink()
    away.rename(files)

    wait_for(lambda: is_over(run_id), seconds=90)
    assert run_of(run_id).state is RunState.READY
    images = [call for call in sandbox.log() if call["kind"] == "image"]
    assert len(images) == 10, "no picture was bought twice"
    assert bought < 10
    assert waiting_bytes() == 0
    for piece in pieces_of(run_id):
        assert piece.picture is None or storage().has(piece.picture["key"])


def waiting_bytes() -> int:
    from app.db.models import Unstored  # noqa: PLC0415

    with transaction() as session:
        return len(session.scalars(select(Unstored.call_id)).all())


def test_a_canceled_run_stops_paying_and_keeps_what_it_has(
    start_workers: Callable[..., Any], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.configure(latency="fixed:0.6")
    routes = write_routes(tmp_path / "routes.toml", limits={"gateway": {"image": {"in_flight": 1}}})
    start_workers(**FAST, PRESSROOM_ROUTES=str(routes))
    run_id = order()
    broker.send("upkeep.admit")
    wait_for(lambda: pictures_there(run_id) >= 2, seconds=60)

    cancel(run_id)
    calls_then = len(calls_of(run_id))
    other = order(slides=5)
    wait_for(lambda: is_over(other), seconds=60)

    assert run_of(run_id).state is RunState.CANCELED
    assert len(calls_of(run_id)) == calls_then
    assert pictures_there(run_id) >= 2


def test_a_run_that_hangs_is_ended_by_the_watchdog_and_refunded(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.fail({"match": {"kind": "json"}, "fault": "hang"})
    start_workers(**FAST, PRESSROOM_STALL_AFTER="4")
    user = a_user(Plan.FREE)
    run_id = order(user)
    broker.send("upkeep.admit")
    wait_for(lambda: run_of(run_id).state is RunState.GENERATING_TEXT, seconds=30)
    wait_for(lambda: bool(calls_of(run_id)), seconds=30)

    def watched() -> bool:
        broker.send("upkeep.watchdog")  # beat's own comes once a minute
        return is_over(run_id)

    wait_for(watched, seconds=60)
    run = run_of(run_id)
    assert run.state is RunState.FAILED
    assert (run.failure or {})["code"] == "timed_out"
    assert used(user, QuotaUnit.POSTS) == 0
    assert [call.state for call in calls_of(run_id)] == [CallState.UNKNOWN]
    assert used(user, QuotaUnit.MONEY) == run.held_micro_usd > 0, "what may have been charged stays reserved"


@pytest.mark.long
def test_blocked_prompts_are_rewritten_twice_and_what_stays_blocked_gets_its_background(
    start_workers: Callable[..., Any], sandbox: Sandbox
) -> None:
    # Three blocks in a row end a picture: of 13 about five, by the sandbox's seed; none or all of them never in practice.
    sandbox.fail({"match": {"kind": "image", "rate": 0.75}, "fault": "blocked"})
    start_workers(**FAST)
    run_id = order()
    broker.send("upkeep.admit")

    wait_for(lambda: is_over(run_id), seconds=60)

    assert run_of(run_id).state is RunState.PARTIAL
    failed = [piece for piece in pieces_of(run_id) if piece.failure]
    assert {piece.failure["code"] for piece in failed if piece.failure} == {"prompt_blocked"}
    assert all("try rephrasing" in piece.failure["message"] for piece in failed if piece.failure)
    assert all(piece.rewrites == 2 and piece.composed for piece in failed)

"""Which runs have made no progress for too long: the watchdog ends those, and no other one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.runs import plan
from making import change, complete, finished, opened, pictures_of, take
from next_rounds import resume
from orders import order, run_of

pytestmark = pytest.mark.usefixtures("database")


def stalled(in_minutes: float, *, watched_for: float = 1000) -> list[uuid.UUID]:
    """Return what the watchdog would end in so many minutes, if it had looked for so many by then."""
    now = datetime.now(UTC) + timedelta(minutes=in_minutes)
    with transaction() as session:
        return list(plan.stalled(session, now, watched_since=now - timedelta(minutes=watched_for)))


def test_a_run_without_progress_for_10_minutes_is_stalled() -> None:
    run_id = opened()

    assert (stalled(9.9), stalled(10.1)) == ([], [run_id])


def test_time_in_which_nobody_looked_counts_for_no_run() -> None:
    run_id = opened()

    assert stalled(60, watched_for=9.9) == []
    assert stalled(60, watched_for=10.1) == [run_id]


def test_a_round_has_its_6_hours_anew_when_everything_was_stopped() -> None:
    piece = pictures_of(opened())[0]
    change(Piece, piece.id, next_try_at=datetime.now(UTC) + timedelta(hours=24))

    assert stalled(12 * 60, watched_for=6 * 60 - 1) == []
    assert stalled(12 * 60, watched_for=6 * 60 + 1) == [piece.run_id]


def test_waiting_in_the_queue_is_no_stall() -> None:
    order()

    assert stalled(1000) == []


def test_waiting_for_a_known_time_is_no_stall() -> None:
    piece = pictures_of(opened())[0]
    change(Piece, piece.id, next_try_at=datetime.now(UTC) + timedelta(hours=1))

    assert stalled(30) == []


def test_waiting_for_a_known_time_is_a_stall_after_6_hours() -> None:
    piece = pictures_of(opened())[0]
    change(Piece, piece.id, next_try_at=datetime.now(UTC) + timedelta(hours=7))

    assert stalled(6 * 60 + 1) == [piece.run_id]


def test_a_finished_run_is_never_stalled() -> None:
    finished()

    assert stalled(1000) == []


def test_progress_postpones_the_stall() -> None:
    run_id = opened()
    change(Run, run_id, progressed_at=datetime.now(UTC) - timedelta(minutes=9))

    complete(take(pictures_of(run_id)[0]))

    assert stalled(5) == []


def test_a_new_round_that_nobody_has_claimed_yet_is_not_stalled() -> None:
    run_id = finished(failed=1)
    resume(run_id)

    assert run_of(run_id).state is RunState.GENERATING_IMAGES
    assert stalled(1000) == []


def test_the_end_of_a_run_that_only_another_release_knows_is_left_to_it() -> None:
    run_id = opened(slides=5)
    long_ago = datetime.now(UTC) - plan.LONGEST_ROUND
    change(Run, run_id, pipeline="hologram", started_at=long_ago, progressed_at=long_ago)
    failed = {"state": PieceState.FAILED, "step": None, "failure": {"code": "provider_down", "message": "it was down"}}
    with transaction() as session:
        session.execute(update(Piece).where(Piece.run_id == run_id, Piece.step.is_not(None)).values(failed))

    assert stalled(0) == []
    with transaction() as session:
        assert plan.unfinished_business(session) == []

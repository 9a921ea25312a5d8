"""The watchdog and what joins parts: a part that hangs is given up, and what there is of the others is still delivered."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from app.db.models import Piece, Run, User
from app.db.session import transaction
from app.domain.states import PieceState, QuotaUnit, RunState
from app.metrics.rows import utc_now
from app.pipelines.catalog import pipeline_named
from app.pipelines.pipeline import NewPiece
from app.runs.accept import new_pieces
from harness import Installation
from making import change, watch_all_along
from orders import a_user, order, pieces_of, run_of, used
from workers import upkeep

LONG_AGO = timedelta(minutes=30)
ANSWER = pipeline_named("answer")


@pytest.fixture
def user(database: Installation) -> User:
    assert database
    return a_user()


@pytest.fixture
def stalled(user: User) -> uuid.UUID:
    """An answer of which one half is researched; the other half has hung for half an hour."""
    run_id = order(user, ANSWER.name, question="Which tea is best, and why?")
    parts = [NewPiece("research", n, {"sub_question": f"Part {n}?"}) for n in range(2)]
    with transaction() as session:
        run = session.get_one(Run, run_id)
        session.add_all(new_pieces(ANSWER, run, parts))
        run.state, run.admitted_at = RunState.GENERATING_TEXT, utc_now() - LONG_AGO
        run.started_at = run.progressed_at = utc_now() - LONG_AGO
    question, found, _ = sorted(pieces_of(run_id), key=lambda piece: (piece.kind, piece.position))
    change(Piece, question.id, state=PieceState.READY, step=None)
    done = {"sub_question": "Part 0?", "findings": "Oolong.", "sources": []}
    change(Piece, found.id, state=PieceState.READY, step=None, data=done)
    return run_id


def watch() -> None:
    watch_all_along()
    upkeep.watchdog()


def of_kind(run_id: uuid.UUID, kind: str) -> list[Piece]:
    return [piece for piece in pieces_of(run_id) if piece.kind == kind]


def test_what_joins_is_opened_with_what_there_is_and_why_the_rest_is_missing(stalled: uuid.UUID) -> None:
    watch()

    assert [piece.state for piece in of_kind(stalled, "research")] == [PieceState.READY, PieceState.FAILED]
    assert run_of(stalled).state is RunState.GENERATING_TEXT
    (report,) = of_kind(stalled, "report")
    assert report.data["material"] == [{"sub_question": "Part 0?", "found": "Oolong."}]
    assert [part["sub_question"] for part in report.data["unanswered"]] == ["Part 1?"]


def test_if_that_hangs_too_the_run_ends(stalled: uuid.UUID, user: User) -> None:
    watch()
    change(Run, stalled, progressed_at=utc_now() - LONG_AGO)
    watch()

    assert (run_of(stalled).state, (run_of(stalled).failure or {})["code"]) == (RunState.FAILED, "timed_out")
    assert used(user, QuotaUnit.ITEMS) == 0


def test_where_nobody_can_read_what_would_join_them_the_parts_are_no_result(stalled: uuid.UUID, user: User) -> None:
    change(Run, stalled, request={**run_of(stalled).request, "holograms": 3})

    watch()

    ended = run_of(stalled)
    assert (ended.state, (ended.failure or {})["code"]) == (RunState.FAILED, "another_release")
    assert used(user, QuotaUnit.ITEMS) == 0

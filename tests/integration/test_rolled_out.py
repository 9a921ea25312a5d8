"""A run that only another release can read: steps and the end wait for one of its workers, and no longer than the watchdog."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from celery.exceptions import Ignore

from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.metrics.rows import utc_now
from harness import Installation, Sandbox
from making import FULL_POST, change, make, opened, pictures_of, piece_now, watch_all_along
from orders import calls_of, pieces_of, run_of
from workers import tasks, upkeep
from workers.steps import run_step
from working import Task

LONG_AGO = timedelta(minutes=30)


def of_another_release(run_id: uuid.UUID) -> None:
    change(Run, run_id, request={**run_of(run_id).request, "holograms": 3})


def deliver(piece: Piece) -> None:
    """Deliver a piece's message to a worker of this release."""
    now = piece_now(piece.id)
    assert now.step is not None
    with pytest.raises(Ignore):
        run_step(Task(), FULL_POST, now.step, str(piece.id), now.round)


def waits_until(piece: Piece) -> datetime:
    due = piece_now(piece.id).next_try_at
    assert due is not None
    return due


@pytest.fixture
def piece(database: Installation, sandbox: Sandbox) -> Piece:
    """A picture to be made, of a run that only another release can read."""
    assert database
    assert sandbox
    piece = pictures_of(opened(slides=5))[0]
    of_another_release(piece.run_id)
    return piece


def test_a_step_waits_for_a_worker_that_can_read_it(piece: Piece) -> None:
    before = utc_now()
    deliver(piece)

    now = piece_now(piece.id)
    assert (now.state, now.lease_token, now.failure) == (PieceState.PENDING, None, None)
    assert timedelta(seconds=30) <= waits_until(piece) - before < timedelta(seconds=35)


def test_so_does_one_of_a_kind_that_has_the_step_only_there(piece: Piece) -> None:
    with transaction() as session:
        session.get_one(Piece, piece.id).kind = "hologram"

    for _ in range(FULL_POST.stage("slide", "draft_prompt").max_attempts + 1):
        change(Piece, piece.id, next_try_at=None)
        deliver(piece)

    now = piece_now(piece.id)
    assert (now.state, now.lease_token, now.attempt) == (PieceState.PENDING, None, 0), "nothing was tried"


def test_where_none_comes_for_ten_minutes_its_piece_says_so_and_nobody_was_asked(piece: Piece) -> None:
    asked = len(calls_of(piece.run_id))
    for _ in range(FULL_POST.stage(piece.kind, "draft_prompt").max_attempts + 1):
        change(Piece, piece.id, next_try_at=None)
        deliver(piece)
    assert piece_now(piece.id).state is PieceState.PENDING

    change(Run, piece.run_id, started_at=utc_now() - timedelta(minutes=11))
    change(Piece, piece.id, next_try_at=None)
    deliver(piece)

    now = piece_now(piece.id)
    assert (now.state, (now.failure or {})["code"]) == (PieceState.FAILED, "another_release")
    assert len(calls_of(piece.run_id)) == asked


@pytest.fixture
def over(database: Installation) -> uuid.UUID:
    """A run whose pictures are there, but for one; it is to be ended, and only another release can read it."""
    assert database
    run_id = opened(slides=5)
    failed, *others = pictures_of(run_id)
    for one in others:
        make(one)
    failure = {"code": "provider_down", "message": "it was down", "step": failed.step}
    change(Piece, failed.id, state=PieceState.FAILED, step=None, failure=failure)
    of_another_release(run_id)
    return run_id


def finish(run_id: uuid.UUID) -> None:
    tasks.finish(SimpleNamespace(request=SimpleNamespace(headers=None)), str(run_id), 1)


def test_its_end_is_left_to_the_release_that_can_draw_its_files(
    over: uuid.UUID, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    finish(over)

    assert not run_of(over).state.is_terminal
    assert [line.getMessage() for line in caplog.records if line.name == tasks.__name__] == ["end_of_another_release"]


def test_where_nobody_can_the_watchdog_ends_it_without_them(over: uuid.UUID) -> None:
    finish(over)
    change(
        Run, over, admitted_at=utc_now() - LONG_AGO, started_at=utc_now() - LONG_AGO, progressed_at=utc_now() - LONG_AGO
    )
    watch_all_along()

    upkeep.watchdog()

    ended = run_of(over)
    assert (ended.state, ended.result) == (RunState.PARTIAL, None)
    assert sum(piece.state is PieceState.READY for piece in pieces_of(over)) == len(pieces_of(over)) - 1

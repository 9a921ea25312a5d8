"""Who saw that a round is over is told in its last event, and counted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import counts
from app.counts import Fact
from app.db.models import Piece, Run
from app.db.session import transaction
from app.domain.states import PieceState, RunState
from app.metrics.rows import utc_now
from app.runs import finish
from app.runs.finish import Finisher
from harness import Installation
from making import change, complete, make_all, opened, pictures_of, piece_now, take, watch_all_along
from next_rounds import edit
from orders import events_of, pieces_of, run_of
from workers import finishing, upkeep
from working import Task

LONG_AGO = timedelta(minutes=30)


@pytest.fixture
def over(database: Installation) -> uuid.UUID:
    """A run whose pieces have all failed and that nobody has ended."""
    assert database
    run_id = opened(slides=5)
    for piece in pieces_of(run_id):
        if piece.step is not None:
            failure = {"code": "provider_down", "message": "it was down", "step": piece.step}
            change(Piece, piece.id, state=PieceState.FAILED, step=None, failure=failure)
    return run_id


def finisher_of(run_id: uuid.UUID) -> str | None:
    """Return who ended the round, as its last event says."""
    told = events_of(run_id)[-1]
    assert told.type == f"run.{run_of(run_id).state.lower()}"
    return told.data.get("finished_by")


def test_every_finisher_is_known_by_the_message_that_it_sends() -> None:
    assert [Finisher.told_by(one.headers) for one in Finisher] == list(Finisher)


@pytest.mark.parametrize("headers", [None, {}, {"finisher": "somebody"}, {"other": "chord"}])
def test_a_message_of_another_release_says_nothing(headers: dict[str, str] | None) -> None:
    assert Finisher.told_by(headers) is None


@pytest.mark.parametrize("by", [*Finisher, None])
def test_the_last_event_tells_who_ended_the_round(over: uuid.UUID, by: Finisher | None) -> None:
    with transaction() as session:
        assert finish.finish(session, over, 1, by=by) is RunState.FAILED

    assert finisher_of(over) == by


def test_a_round_is_counted_once_however_many_ask_for_its_end(over: uuid.UUID) -> None:
    for by in (Finisher.LAST_PIECE, Finisher.CHORD, None):
        finishing.finish(Task(), over, 1, by)

    assert counts.read()[Fact.ROUNDS_FINISHED] == {("full-post", "FAILED", "last_piece"): 1}


def test_what_the_watchdog_gives_up_is_counted_as_its_own(over: uuid.UUID) -> None:
    change(
        Run, over, admitted_at=utc_now() - LONG_AGO, started_at=utc_now() - LONG_AGO, progressed_at=utc_now() - LONG_AGO
    )

    watch_all_along()
    upkeep.watchdog()

    assert finisher_of(over) == "watchdog"
    assert counts.read()[Fact.ROUNDS_FINISHED] == {("full-post", "FAILED", "watchdog"): 1}


def test_one_that_cannot_be_ended_does_not_keep_the_watchdog_from_the_others(
    over: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = opened(slides=5)
    for run_id in (over, other):
        change(Run, run_id, admitted_at=utc_now(), started_at=utc_now() - LONG_AGO, progressed_at=utc_now() - LONG_AGO)
    ends, met = finish.finish, list[uuid.UUID]()

    def breaks_once(session: Session, run_id: uuid.UUID, *args: Any, **kwargs: Any) -> RunState | None:
        met.append(run_id)
        if len(met) == 1:
            raise KeyError("content")
        return ends(session, run_id, *args, **kwargs)

    monkeypatch.setattr(finish, "finish", breaks_once)
    watch_all_along()
    upkeep.watchdog()

    assert set(met) == {over, other}
    assert [run_of(run_id).state.is_terminal for run_id in met] == [False, True]


def test_a_round_that_failed_for_what_was_ordered_is_counted_apart(over: uuid.UUID) -> None:
    refusal = {"code": "input_refused:off_topic", "message": "it is about something else", "step": "check_order"}
    for piece in pieces_of(over):
        change(Piece, piece.id, failure=refusal)

    finishing.finish(Task(), over, 1, Finisher.CHORD)

    assert run_of(over).state is RunState.FAILED
    assert counts.read()[Fact.ROUNDS_FINISHED] == {("full-post", counts.REFUSED, "chord"): 1}


def test_of_two_that_would_end_a_round_at_once_one_draws_and_the_other_leaves_it_alone(
    over: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[uuid.UUID] = []

    def draw(run: Run, *_: object) -> None:
        drawn.append(run.id)
        if len(drawn) == 1:
            finishing.finish(Task(), over, 1, Finisher.CHORD)  # it comes while the first one draws

    monkeypatch.setattr(finishing, "bound", draw)
    finishing.finish(Task(), over, 1, Finisher.LAST_PIECE)

    assert drawn == [over]
    assert finisher_of(over) == Finisher.LAST_PIECE


def test_what_was_edited_while_the_files_were_drawn_is_in_them(
    database: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database
    run_id = opened(slides=5)
    make_all(run_id, until=None)
    slide = pictures_of(run_id)[1]
    titles: list[str] = []

    def draw(_: Run, pieces: Sequence[Piece], *__: object) -> None:
        titles.append(next(piece.data["title"] for piece in pieces if piece.id == slide.id))
        if len(titles) == 1:
            edit(slide, title="Another title")
            complete(take(piece_now(slide.id)))

    monkeypatch.setattr(finishing, "bound", draw)
    finishing.finish(Task(), run_id, 1, Finisher.LAST_PIECE)
    assert not run_of(run_id).state.is_terminal

    finishing.finish(Task(), run_id, 1, Finisher.RELAY)
    assert run_of(run_id).state is RunState.READY
    assert titles[1] == "Another title"


def written(run_id: uuid.UUID) -> list[object]:
    """Return all that is stored of a run's pieces and told of them, without ids and times."""
    ids = {str(piece.id): (piece.kind, piece.position) for piece in pieces_of(run_id)}
    columns = [column.key for column in Piece.__table__.columns if column.key not in {"id", "run_id"}]
    values = [[getattr(piece, name) for name in columns] for piece in pieces_of(run_id)]
    told = [
        (event.type, event.data | {"piece_id": ids.get(event.data.get("piece_id", ""))}) for event in events_of(run_id)
    ]
    return [[["a time" if isinstance(value, datetime) else value for value in row] for row in values], told]


@pytest.mark.parametrize("until", ["compose", None])
def test_what_tests_make_at_once_is_what_claims_would_have_left(database: Installation, until: str | None) -> None:
    assert database
    at_once, by_claims = opened(slides=5), opened(slides=5)

    is_last = make_all(at_once, until=until).is_last
    for piece in pictures_of(by_claims):
        while (now := piece_now(piece.id)).step not in {None, until}:
            moved = complete(take(now))

    assert written(at_once) == written(by_claims)
    assert is_last is moved.is_last is (until is None)

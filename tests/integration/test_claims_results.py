"""Results of claims, and claims under load: see test_claims.py for who gets a piece."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import event, select, text

from app import events
from app.db.models import Piece, Run
from app.db.session import engine, transaction
from app.domain.errors import NotClaimed
from app.domain.states import PieceState
from app.pipelines.pipeline import Done
from app.runs import claims, plan
from harness import wait_for
from making import (
    complete,
    end,
    expire_lease,
    fail,
    finished,
    locked,
    make,
    opened,
    opened_pieces,
    pictures_of,
    piece_now,
    take,
)
from next_rounds import cancel, edit
from orders import events_of, order, pieces_of, run_of
from races import losers, together
from workers import leases

pytestmark = pytest.mark.usefixtures("database")
PICTURES = 13


@pytest.mark.parametrize("write", [complete, fail], ids=lambda write: str(write.__name__))
def test_a_piece_that_was_edited_during_its_work_can_be_claimed_again_at_once(write: Callable[..., object]) -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece, title="Ship smaller")
    write(held)

    assert take(piece).piece.data["title"] == "Ship smaller"


@pytest.mark.parametrize("write", [complete, fail], ids=lambda write: str(write.__name__))
def test_a_piece_that_was_edited_during_its_work_is_planned_again(write: Callable[..., object]) -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece, title="Ship smaller")
    write(held)

    with transaction() as session:
        chains = plan.plan(session, piece.run_id)

    assert [links for links in chains if links[0].piece_id == piece.id] != []


def tell(run_id: uuid.UUID) -> None:
    with transaction() as session:
        events.record(session, locked(session, run_id), ("run.note", {}))


def beat(tokens: list[uuid.UUID], times: int = 1) -> None:
    for _ in range(times):
        with transaction(durable=False) as session:
            claims.renew(session, tokens)


def relay() -> None:
    with transaction(durable=False) as session:
        plan.overdue(session)


def test_completions_claims_events_and_heartbeats_at_once_do_not_deadlock() -> None:
    run_id = opened()
    pieces = pictures_of(run_id)
    held = [take(piece) for piece in pieces[:7]]
    deeds: list[Callable[[], object]] = [
        *(partial(complete, one) for one in held),
        *(partial(take, piece) for piece in pieces[7:]),
        *[partial(tell, run_id)] * 2,
        *[partial(beat, [one.token for one in held])] * 2,
        relay,
    ]

    assert losers(together(deeds)) == []


@pytest.mark.parametrize("_time", range(4))
def test_a_heartbeat_and_a_cancellation_at_once_do_not_deadlock(_time: int) -> None:
    run_id = opened()
    tokens = [take(piece).token for piece in reversed(pictures_of(run_id))]

    results = together([partial(beat, tokens, 5), partial(cancel, run_id), partial(beat, tokens, 5)])

    assert losers(results) == []


def numbers_of(run_id: uuid.UUID) -> list[int]:
    return [told.number for told in events_of(run_id)]


def test_events_are_numbered_without_a_gap_under_13_concurrent_completions() -> None:
    run_id = opened()
    held = [take(piece) for piece in pictures_of(run_id)]

    together([partial(complete, one) for one in held])

    assert numbers_of(run_id) == list(range(1, run_of(run_id).last_event + 1))


def test_events_become_visible_in_the_order_of_their_numbers() -> None:
    run_id = opened()
    held = [take(piece) for piece in pictures_of(run_id)]
    seen: list[list[int]] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            seen.append(numbers_of(run_id))

    watcher = threading.Thread(target=watch)
    watcher.start()
    together([partial(complete, one) for one in held])
    is_over.set()
    watcher.join()

    assert [seen_ for seen_ in seen if seen_ != list(range(1, len(seen_) + 1))] == []


def tell_and_fail(run_id: uuid.UUID) -> None:
    with transaction() as session:
        events.record(session, locked(session, run_id), ("run.note", {}))
        raise ZeroDivisionError


def test_an_event_of_a_change_that_was_rolled_back_leaves_no_gap() -> None:
    run_id = opened()
    before = numbers_of(run_id)

    with pytest.raises(ZeroDivisionError):
        tell_and_fail(run_id)
    tell(run_id)

    assert numbers_of(run_id) == [*before, before[-1] + 1]


def test_events_are_read_from_a_number_on() -> None:
    run_id = finished()

    with transaction() as session:
        rest = events.since(session, run_id, 5, most=3)

    assert [told.number for told in rest] == [6, 7, 8]


def test_the_content_opens_13_pieces_that_can_be_claimed() -> None:
    run_id = order()

    moved = complete(take(pieces_of(run_id)[0]), Done(data={"hook": "x"}, opens=opened_pieces()))

    assert moved.opened
    assert not moved.is_last
    assert [piece.step for piece in pictures_of(run_id)] == ["draft_prompt"] * PICTURES


def test_renewing_pushes_the_end_of_the_lease_away() -> None:
    piece = pictures_of(opened())[0]
    held = take(piece)
    expire_lease(piece)

    with transaction() as session:
        claims.renew(session, [held.token])

    with pytest.raises(NotClaimed):
        take(piece)


def test_a_heartbeat_waits_for_nobody_and_renews_the_rest() -> None:
    first, second, *_ = [take(piece) for piece in pictures_of(opened())]
    for held in (first, second):
        expire_lease(held.piece)

    with transaction() as busy, transaction() as session:
        busy.execute(select(Piece.id).where(Piece.id == first.piece.id).with_for_update())
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        claims.renew(session, [first.token, second.token])

    with pytest.raises(NotClaimed):
        take(second.piece)


def test_renewing_a_lease_that_was_lost_does_not_bring_it_back() -> None:
    piece = pictures_of(opened())[0]
    old = take(piece)
    expire_lease(piece)
    new = take(piece)

    with transaction() as session:
        claims.renew(session, [old.token])

    assert piece_now(piece.id).lease_token == new.token


def test_the_heartbeat_keeps_a_short_lease_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import settings  # noqa: PLC0415 - this test changes it

    monkeypatch.setenv("PRESSROOM_LEASE", "0.6")
    monkeypatch.setattr(leases, "_thread", None)  # one of an earlier test may sleep for a third of the usual lease
    settings.cache_clear()
    piece = pictures_of(opened())[0]
    held = take(piece)
    first_end = held.piece.lease_until
    assert first_end is not None

    with leases.holding(held.token):
        wait_for(lambda: datetime.now(UTC) > first_end + timedelta(seconds=0.2), seconds=5)
        with pytest.raises(NotClaimed):
            take(piece)

    wait_for(lambda: engine().pool.checkedout() == 0, what="the heartbeat's last beat")  # type: ignore[attr-defined]


def test_all_leases_of_a_process_are_renewed_in_one_statement() -> None:
    held = [take(piece) for piece in pictures_of(opened())]
    statements: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    with transaction() as session:
        claims.renew(session, [one.token for one in held])
    event.remove(engine(), "before_cursor_execute", note)

    assert len(statements) == 1


def test_a_failure_says_why_and_at_which_step() -> None:
    piece = pictures_of(opened())[0]

    fail(take(piece), "prompt_blocked")

    assert piece_now(piece.id).failure == {
        "code": "prompt_blocked",
        "message": "it did not work",
        "step": "draft_prompt",
    }


def test_a_piece_that_failed_cannot_be_claimed_again_in_its_round() -> None:
    piece = pictures_of(opened())[0]
    fail(take(piece))

    with pytest.raises(NotClaimed):
        take(piece, "draft_prompt")


def test_the_rest_of_a_run_goes_on_when_one_piece_failed() -> None:
    run_id = opened()
    first, second, *_ = pictures_of(run_id)
    fail(take(first))

    make(second)

    assert piece_now(second.id).state is PieceState.READY
    assert end(run_id) is None


def test_a_claim_does_not_wait_for_a_reader_of_the_run() -> None:
    piece = pictures_of(opened())[0]

    with transaction() as reader:
        reader.get_one(Run, piece.run_id)
        assert take(piece).token

"""Claims: one worker at a time, nothing written without a claim, events in the order of their commits."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from harness import wait_for
from making import (
    FULL_POST,
    complete,
    end,
    expire_lease,
    fail,
    finished,
    locked,
    make,
    opened,
    opened_pieces,
    piece_now,
    pictures_of,
    take,
)
from orders import a_user, events_of, order, pieces_of, run_of
from races import losers, together, winners
from sqlalchemy import event

from app import events
from app.db.models import Piece, Run
from app.db.session import engine, transaction
from app.domain.errors import NotClaimed
from app.domain.states import PieceState, RunState
from app.pipelines.pipeline import Done
from app.runs import claims, plan, rounds
from workers import leases

pytestmark = pytest.mark.usefixtures("installation")
PICTURES = 13


@pytest.mark.parametrize("round_", range(8))
def test_of_many_workers_that_race_for_one_piece_exactly_one_gets_it(round_: int) -> None:
    piece = pictures_of(opened())[round_]

    results = together([lambda: take(piece, "draft_prompt", 1)] * 12)

    assert len(winners(results)) == 1
    assert {type(lost) for lost in losers(results)} == {NotClaimed}


def test_the_winner_of_a_race_holds_the_token_of_the_row() -> None:
    piece = pictures_of(opened())[0]

    (held,) = winners(together([lambda: take(piece, "draft_prompt", 1)] * 6))

    assert piece_now(piece.id).lease_token == held.token


def test_a_race_counts_as_one_attempt() -> None:
    piece = pictures_of(opened())[0]

    together([lambda: take(piece, "draft_prompt", 1)] * 6)

    assert piece_now(piece.id).attempt == 1


def test_of_many_workers_that_find_an_expired_lease_exactly_one_takes_it_over() -> None:
    piece = pictures_of(opened())[0]
    take(piece)
    expire_lease(piece)

    assert len(winners(together([lambda: take(piece, "draft_prompt", 1)] * 8))) == 1


def test_an_expired_lease_can_be_taken_over_and_counts_another_attempt() -> None:
    piece = pictures_of(opened())[0]
    take(piece)
    expire_lease(piece)

    assert take(piece).piece.attempt == 2


def test_a_live_lease_cannot_be_taken_over() -> None:
    piece = pictures_of(opened())[0]
    take(piece)

    with pytest.raises(NotClaimed, match="live lease"):
        take(piece)


def postpone(held: claims.Claim, wait_s: float = 5, *, counts: bool = True) -> None:
    with transaction() as session:
        claims.postpone(session, held, timedelta(seconds=wait_s), "provider_busy", counts=counts)


@pytest.mark.parametrize("write", [complete, fail, postpone], ids=lambda write: str(write.__name__))
def test_who_lost_the_claim_can_write_nothing(write: Callable[..., object]) -> None:
    piece = pictures_of(opened())[0]
    old = take(piece)
    expire_lease(piece)
    take(piece)
    before = piece_now(piece.id)

    with pytest.raises(NotClaimed):
        write(old)

    after = piece_now(piece.id)
    assert (after.state, after.step, after.lease_token) == (before.state, before.step, before.lease_token)


@pytest.mark.parametrize("write", [complete, fail, postpone], ids=lambda write: str(write.__name__))
def test_a_result_is_written_once_however_often_it_is_delivered(write: Callable[..., object]) -> None:
    held = take(pictures_of(opened())[0])
    write(held)

    with pytest.raises(NotClaimed):
        write(held)


def test_an_expired_lease_that_nobody_took_over_still_writes_its_result() -> None:
    piece = pictures_of(opened())[0]
    held = take(piece)
    expire_lease(piece)

    complete(held)

    assert piece_now(piece.id).state is PieceState.PROMPTED


def test_a_piece_of_a_canceled_run_cannot_be_claimed() -> None:
    run_id = opened()
    with transaction() as session:
        rounds.cancel(session, run_id)

    with pytest.raises(NotClaimed):
        take(pictures_of(run_id)[0], "draft_prompt")


def test_a_result_for_a_run_that_was_canceled_meanwhile_is_not_written() -> None:
    run_id = opened()
    held = take(pictures_of(run_id)[0])
    with transaction() as session:
        rounds.cancel(session, run_id)

    with pytest.raises(NotClaimed):
        complete(held)


def test_a_piece_of_a_finished_run_cannot_be_claimed() -> None:
    piece = pictures_of(finished())[0]

    with pytest.raises(NotClaimed):
        take(piece, "compose")


@pytest.mark.parametrize("round_", [2, 99])
def test_a_message_of_another_round_gets_no_claim(round_: int) -> None:
    piece = pictures_of(opened())[0]

    with pytest.raises(NotClaimed):
        take(piece, "draft_prompt", round_)


@pytest.mark.parametrize("step", ["write_content", "render_image", "compose", "no_such_step"])
def test_a_message_for_another_step_gets_no_claim(step: str) -> None:
    piece = pictures_of(opened())[0]

    with pytest.raises(NotClaimed):
        take(piece, step)


def test_a_late_message_for_a_step_that_is_done_gets_no_claim() -> None:
    piece = pictures_of(opened())[0]
    complete(take(piece))

    with pytest.raises(NotClaimed):
        take(piece, "draft_prompt")


def test_a_piece_that_never_was_gets_no_claim() -> None:
    with pytest.raises(NotClaimed), transaction() as session:
        claims.claim(session, uuid.uuid4(), "compose", 1)


def test_a_piece_that_waits_for_its_time_cannot_be_claimed() -> None:
    piece = pictures_of(opened())[0]
    postpone(take(piece), wait_s=60)

    with pytest.raises(NotClaimed, match="not due"):
        take(piece)


def test_a_piece_whose_time_has_come_can_be_claimed() -> None:
    piece = pictures_of(opened())[0]
    postpone(take(piece), wait_s=-1)

    assert take(piece).piece.next_try_at is None


def test_waiting_for_a_busy_provider_is_no_attempt() -> None:
    piece = pictures_of(opened())[0]

    postpone(take(piece), counts=False)

    assert piece_now(piece.id).attempt == 0


def test_the_first_claim_of_a_run_moves_it_out_of_queued() -> None:
    run_id = order()

    take(pieces_of(run_id)[0])

    assert run_of(run_id).state is RunState.GENERATING_TEXT


def test_the_attempts_of_a_step_start_at_0_again() -> None:
    piece = pictures_of(opened())[0]
    take(piece)
    expire_lease(piece)

    complete(take(piece))

    assert piece_now(piece.id).attempt == 0


def edit(piece: Piece, title: str = "Ship smaller") -> None:
    with transaction() as session:
        rounds.edit(session, a_user(), piece.run_id, piece.id, {"title": title})


def test_a_result_for_an_older_version_is_not_current() -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece)

    moved = complete(held)

    assert moved.is_stale
    assert piece_now(piece.id).prompt is None


def test_a_failure_of_an_older_version_does_not_end_the_newer_one() -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece)

    moved = fail(held, "text_does_not_fit")

    assert moved.is_stale
    assert piece_now(piece.id).state is PieceState.PENDING


@pytest.mark.parametrize("write", [complete, fail], ids=lambda write: str(write.__name__))
def test_a_piece_that_was_edited_during_its_work_can_be_claimed_again_at_once(write: Callable[..., object]) -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece)
    write(held)

    assert take(piece).piece.data["title"] == "Ship smaller"


@pytest.mark.parametrize("write", [complete, fail], ids=lambda write: str(write.__name__))
def test_a_piece_that_was_edited_during_its_work_is_planned_again(write: Callable[..., object]) -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece)
    write(held)

    with transaction() as session:
        chains = plan.plan(session, piece.run_id)

    assert [links for links in chains if links[0].piece_id == piece.id] != []


def test_completions_claims_events_and_heartbeats_at_once_do_not_deadlock() -> None:
    run_id = opened()
    pieces = pictures_of(run_id)
    held = [take(piece) for piece in pieces[:7]]
    tokens = [one.token for one in held]

    def tell() -> None:
        with transaction() as session:
            events.record(session, locked(session, run_id), ("run.note", {}))

    def beat() -> None:
        with transaction(durable=False) as session:
            claims.renew(session, tokens)

    def relay() -> None:
        with transaction(durable=False) as session:
            plan.overdue(session)

    results = together(
        [
            *(lambda one=one: complete(one) for one in held),
            *(lambda piece=piece: take(piece) for piece in pieces[7:]),
            tell,
            tell,
            beat,
            beat,
            relay,
        ]
    )

    assert losers(results) == []


def test_a_heartbeat_and_a_cancellation_at_once_do_not_deadlock() -> None:
    for _ in range(6):
        run_id = opened()
        tokens = [take(piece).token for piece in reversed(pictures_of(run_id))]

        def beat(tokens: list[uuid.UUID] = tokens) -> None:
            for _ in range(5):
                with transaction(durable=False) as session:
                    claims.renew(session, tokens)

        def cancel(run_id: uuid.UUID = run_id) -> None:
            with transaction() as session:
                rounds.cancel(session, run_id)

        assert losers(together([beat, cancel, beat])) == []


def numbers_of(run_id: uuid.UUID) -> list[int]:
    return [told.number for told in events_of(run_id)]


def test_events_are_numbered_without_a_gap_under_13_concurrent_completions() -> None:
    run_id = opened()
    held = [take(piece) for piece in pictures_of(run_id)]

    together([lambda one=one: complete(one) for one in held])

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
    together([lambda one=one: complete(one) for one in held])
    is_over.set()
    watcher.join()

    assert [seen_ for seen_ in seen if seen_ != list(range(1, len(seen_) + 1))] == []


def test_an_event_of_a_change_that_was_rolled_back_leaves_no_gap() -> None:
    run_id = opened()
    before = numbers_of(run_id)

    with pytest.raises(ZeroDivisionError), transaction() as session:
        events.record(session, locked(session, run_id), ("run.note", {}))
        raise ZeroDivisionError
    with transaction() as session:
        events.record(session, locked(session, run_id), ("run.note", {}))

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

"""Claims: one worker at a time, nothing written without a claim, events in the order of their commits."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.db.session import transaction
from app.domain.errors import NotClaimed
from app.domain.states import PieceState, RunState
from app.runs import claims
from making import (
    complete,
    expire_lease,
    fail,
    finished,
    opened,
    pictures_of,
    piece_now,
    take,
)
from next_rounds import cancel, edit
from orders import events_of, order, pieces_of, run_of
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")


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


def postpone(held: claims.Claim, wait_s: float = 5, *, counts: bool = True, code: str = "provider_busy") -> None:
    with transaction() as session:
        claims.postpone(session, held, timedelta(seconds=wait_s), code, counts=counts)


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
    cancel(run_id)

    with pytest.raises(NotClaimed):
        take(pictures_of(run_id)[0], "draft_prompt")


def test_a_result_for_a_run_that_was_canceled_meanwhile_is_not_written() -> None:
    run_id = opened()
    held = take(pictures_of(run_id)[0])
    cancel(run_id)

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


def test_a_wait_is_told_once_for_each_reason_however_often_its_piece_looks_again() -> None:
    run_id = opened(slides=5)
    first, second, *_ = pictures_of(run_id)

    for code in ("storage", "storage", "provider_busy", "storage"):
        postpone(take(first), -1, counts=False, code=code)
        postpone(take(second), -1, counts=False)

    told = [
        (event.data["position"], event.data["code"]) for event in events_of(run_id) if event.type == "piece.waiting"
    ]
    assert told == [
        (first.position, "storage"),
        (second.position, "provider_busy"),
        (first.position, "provider_busy"),
        (first.position, "storage"),
    ]


def test_a_piece_that_went_on_and_waits_again_tells_it_again() -> None:
    run_id = opened(slides=5)
    first = pictures_of(run_id)[0]

    postpone(take(first), -1, counts=False)
    complete(take(first))
    postpone(take(piece_now(first.id)), -1, counts=False)

    assert [event.type for event in events_of(run_id)][-3:] == ["piece.waiting", "piece.prompted", "piece.waiting"]


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


def test_a_result_for_an_older_version_is_not_current() -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece, title="Ship smaller")

    moved = complete(held)

    assert moved.is_stale
    assert piece_now(piece.id).prompt is None


def test_a_failure_of_an_older_version_does_not_end_the_newer_one() -> None:
    piece = pictures_of(opened())[3]
    held = take(piece)
    edit(piece, title="Ship smaller")

    moved = fail(held, "text_does_not_fit")

    assert moved.is_stale
    assert piece_now(piece.id).state is PieceState.PENDING

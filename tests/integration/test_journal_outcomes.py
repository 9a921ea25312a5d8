"""Outcomes of calls in the journal: see test_journal.py for what may be asked at all."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import journal
from app.db.models import Call, Piece
from app.db.session import transaction
from app.domain.errors import NotClaimed
from app.domain.states import CallState
from app.journal import Asked
from app.runs.claims import Claim
from making import (
    WORST,
    asked,
    change,
    expire_lease,
    intend,
    journaled,
    money_of,
    opened,
    outcome,
    pictures_of,
    succeed,
    take,
    unknown,
)
from next_rounds import cancel
from orders import calls_of
from races import losers, together

pytestmark = pytest.mark.usefixtures("database")


GEMINI = asked(provider="gemini", model="gemini-3.1-flash-image")


def job(held: Claim, call: Asked | None = None) -> uuid.UUID:
    """Journal a job that was submitted, and whose submitter died."""
    call_id = intend(held, call)
    journaled(journal.note_ref, call_id, "job_1")
    journaled(journal.unknown, call_id, "owner_lost", "no answer", None)
    return call_id


def open_job(held: Claim, *questions: Asked) -> Call | None:
    """Return the job of the piece's picture, or of the first of `questions` that has one."""
    with transaction() as session:
        return journal.open_job(session, session.get_one(Piece, held.piece.id), questions or [asked()])


def test_without_the_claim_no_call_may_leave(held: Claim) -> None:
    expire_lease(held.piece)
    take(held.piece)

    with pytest.raises(NotClaimed):
        intend(held)


def test_after_a_cancellation_no_call_may_leave(held: Claim) -> None:
    cancel(held.run.id)

    with pytest.raises(NotClaimed):
        intend(held)


def test_the_open_calls_of_a_dead_owner_become_unknown_at_the_next_claim(held: Claim) -> None:
    intend(held)
    expire_lease(held.piece)

    take(held.piece)

    (call,) = calls_of(held.run.id)
    assert (call.state, call.error_code) == (CallState.UNKNOWN, "owner_lost")


def test_the_open_calls_of_a_dead_owner_stay_held(held: Claim) -> None:
    intend(held)
    expire_lease(held.piece)

    take(held.piece)

    assert money_of(held) == (WORST, 0)


def test_a_claim_leaves_the_open_calls_of_other_pieces_alone(held: Claim) -> None:
    other = take(pictures_of(held.run.id)[1])
    intend(other)
    expire_lease(held.piece)

    take(held.piece)

    assert calls_of(held.run.id)[0].state is CallState.INTENT


def late_success(call_id: uuid.UUID) -> None:
    journaled(journal.succeeded, call_id, outcome(50_000))


def late_rejection(call_id: uuid.UUID) -> None:
    journaled(journal.rejected, call_id, "provider_busy", "429", 429)


@pytest.mark.parametrize(("late", "spent"), [(late_success, 50_000), (late_rejection, 0)])
def test_a_late_outcome_settles_an_unknown_call_once(held: Claim, late: object, spent: int) -> None:
    call_id = unknown(held)

    results = together([lambda: late(call_id)] * 5)  # type: ignore[operator]

    assert losers(results) == []
    assert money_of(held) == (0, spent)


def test_an_outcome_that_is_written_twice_is_spent_once(held: Claim) -> None:
    call_id = succeed(held)

    journaled(journal.succeeded, call_id, outcome(67_350))

    assert money_of(held) == (0, 67_350)


def test_an_unknown_outcome_never_replaces_a_settled_one(held: Claim) -> None:
    call_id = succeed(held)

    journaled(journal.unknown, call_id, "provider_down", "no answer", None)

    assert calls_of(held.run.id)[0].state is CallState.SUCCEEDED


def test_an_outcome_is_journaled_although_the_claim_was_lost(held: Claim) -> None:
    call_id = intend(held)
    expire_lease(held.piece)
    take(held.piece)

    journaled(journal.succeeded, call_id, outcome())

    assert calls_of(held.run.id)[0].state is CallState.SUCCEEDED


def test_an_outcome_is_journaled_although_the_run_was_canceled(held: Claim) -> None:
    call_id = intend(held)
    cancel(held.run.id)

    journaled(journal.succeeded, call_id, outcome())

    assert money_of(held) == (0, 67_350)


def test_a_job_that_was_submitted_before_a_crash_is_found_with_the_providers_id(held: Claim) -> None:
    call_id = job(held)

    found = open_job(held)

    assert found is not None
    assert (found.id, found.provider_ref) == (call_id, "job_1")


def test_an_unknown_call_that_nobody_can_ask_after_is_no_job(held: Claim) -> None:
    unknown(held)

    assert open_job(held) is None


def test_a_job_whose_outcome_is_known_is_not_open(held: Claim) -> None:
    journaled(journal.succeeded, job(held), outcome())

    assert open_job(held) is None


@pytest.mark.parametrize(
    "other",
    [{"prompt_hash": "b" * 64}, {"model": "google/gemini-3-pro-image"}, {"purpose": "refine_image"}],
    ids=["another question", "another model", "another purpose"],
)
def test_a_job_is_not_waited_for_by(held: Claim, other: dict[str, str]) -> None:
    job(held)

    assert open_job(held, replace(asked(), **other)) is None  # type: ignore[arg-type]


def test_a_job_is_not_waited_for_by_another_take(held: Claim) -> None:
    job(held)
    change(Piece, held.piece.id, take=2)

    assert open_job(held) is None


def test_a_job_of_an_earlier_round_is_waited_for(held: Claim) -> None:
    call_id = job(held)
    change(Piece, held.piece.id, round=2)

    found = open_job(held)

    assert found is not None
    assert found.id == call_id


COSTS = st.one_of(st.none(), st.integers(0, 100_000))
ENDS = st.sampled_from(["succeed", "reject", "unknown", "open"])
LATE = st.sampled_from(["succeed", "reject", "nothing"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ENDS, COSTS, LATE), max_size=6))
def test_whatever_becomes_of_the_calls_the_money_of_the_run_is_the_sum_of_theirs(
    calls: list[tuple[str, int | None, str]],
) -> None:
    held = take(pictures_of(opened(slides=5))[0])
    for n, (end, cost, late) in enumerate(calls):
        call_id = intend(held, asked(purpose=f"p{n}"))
        for what in (end, late):
            if what == "succeed":
                journaled(journal.succeeded, call_id, outcome(cost))
            elif what == "reject":
                journaled(journal.rejected, call_id, "provider_busy", "429", 429)
            elif what == "unknown":
                journaled(journal.unknown, call_id, "provider_down", "no answer", None)

    rows = calls_of(held.run.id)
    settled = [row for row in rows if row.state in (CallState.SUCCEEDED, CallState.FAILED)]
    spent = sum(row.worst_micro_usd if row.cost_micro_usd is None else row.cost_micro_usd for row in settled)
    assert money_of(held) == (WORST * (len(rows) - len(settled)), spent)

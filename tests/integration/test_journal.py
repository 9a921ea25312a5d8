"""The journal: no call without a row, no call past the cap, every cent in one place."""

from __future__ import annotations

import uuid
from functools import partial

import pytest

from app import journal
from app.db.models import Run
from app.db.session import transaction
from app.domain.errors import BudgetReached
from app.domain.states import CallState, CostBasis
from app.journal import Asked
from app.runs import rounds
from app.runs.claims import Claim
from making import asked, change, fail, intend, journaled, opened, outcome, pictures_of, take
from orders import a_user, calls_of, run_of
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")
WORST = 70_000


@pytest.fixture
def held() -> Claim:
    """A claimed picture of a post of five slides."""
    return take(pictures_of(opened(slides=5))[0])


def money_of(held: Claim) -> tuple[int, int]:
    """Return what the run holds and what it has spent."""
    run = run_of(held.run.id)
    return run.held_micro_usd, run.spent_micro_usd


def succeed(held: Claim, call: Asked | None = None, cost: int | None = 67_350) -> uuid.UUID:
    call_id = intend(held, call)
    journaled(journal.succeeded, call_id, outcome(cost))
    return call_id


def unknown(held: Claim, call: Asked | None = None) -> uuid.UUID:
    call_id = intend(held, call)
    journaled(journal.unknown, call_id, "provider_down", "no answer", None)
    return call_id


def test_an_intent_is_written_before_the_call_and_holds_its_worst_case(held: Claim) -> None:
    intend(held)

    (call,) = calls_of(held.run.id)
    assert (call.state, call.ended_at, call.cost_micro_usd) == (CallState.INTENT, None, None)
    assert money_of(held) == (WORST, 0)


def test_a_reply_moves_its_money_from_held_to_spent(held: Claim) -> None:
    succeed(held)

    assert money_of(held) == (0, 67_350)


def test_a_rejection_is_free(held: Claim) -> None:
    call_id = intend(held)

    journaled(journal.rejected, call_id, "provider_busy", "429", 429)

    (call,) = calls_of(held.run.id)
    assert (call.state, call.cost_micro_usd, call.cost_basis) == (CallState.FAILED, 0, CostBasis.NONE)
    assert money_of(held) == (0, 0)


def test_an_unknown_outcome_stays_held_at_its_worst_case(held: Claim) -> None:
    unknown(held)

    (call,) = calls_of(held.run.id)
    assert (call.cost_micro_usd, call.cost_basis) == (None, CostBasis.UNKNOWN)
    assert money_of(held) == (WORST, 0)


def test_a_reply_whose_price_nobody_knows_is_null_and_spent_at_its_worst(held: Claim) -> None:
    succeed(held, cost=None)

    (call,) = calls_of(held.run.id)
    assert (call.cost_micro_usd, call.cost_basis) == (None, CostBasis.UNKNOWN)
    assert money_of(held) == (0, WORST)


def test_a_reply_that_cost_more_than_the_worst_case_is_booked_as_it_is(held: Claim) -> None:
    succeed(held, cost=90_000)

    assert money_of(held) == (0, 90_000)


def test_the_cap_of_the_run_holds_under_13_intents_at_once() -> None:
    run_id = opened(slides=11)
    claims_ = [take(piece) for piece in pictures_of(run_id)]
    change(Run, run_id, reserved_micro_usd=5 * WORST + WORST - 1)

    results = together([partial(intend, one) for one in claims_])

    assert len(winners(results)) == 5
    assert {lost.code for lost in losers(results)} == {"run_budget_reached"}  # type: ignore[attr-defined]


def test_a_call_that_fits_the_cap_exactly_may_leave(held: Claim) -> None:
    change(Run, held.run.id, reserved_micro_usd=WORST)

    assert intend(held)


def test_a_call_one_micro_dollar_above_the_cap_may_not_leave(held: Claim) -> None:
    change(Run, held.run.id, reserved_micro_usd=WORST - 1)

    with pytest.raises(BudgetReached, match="raise max_cost_usd"):
        intend(held)


def test_what_is_uncertain_counts_against_the_cap(held: Claim) -> None:
    change(Run, held.run.id, reserved_micro_usd=2 * WORST - 1)
    unknown(held)

    with pytest.raises(BudgetReached):
        intend(held)


def test_a_refused_intent_leaves_no_row_and_holds_nothing(held: Claim) -> None:
    change(Run, held.run.id, reserved_micro_usd=0)
    with pytest.raises(BudgetReached):
        intend(held)

    assert (calls_of(held.run.id), money_of(held)) == ([], (0, 0))


def test_an_unknown_outcome_may_be_repeated_once_and_not_twice(held: Claim) -> None:
    unknown(held)
    unknown(held)

    with pytest.raises(BudgetReached) as refused:
        intend(held)

    assert refused.value.code == "outcome_unknown"


def test_the_paid_calls_of_a_purpose_are_counted(held: Claim) -> None:
    for _ in range(3):
        succeed(held)

    with pytest.raises(BudgetReached) as refused:
        intend(held)

    assert refused.value.code == "paid_calls_used_up"


@pytest.mark.parametrize("most", [1, 2, 3])
def test_of_many_intents_at_once_for_one_piece_no_more_may_leave_than_its_stage_allows(held: Claim, most: int) -> None:
    results = together([lambda: intend(held, asked(max_charged_calls=most))] * 6)

    assert len(winners(results)) == most


def test_rejected_calls_are_not_counted(held: Claim) -> None:
    for _ in range(6):
        call_id = intend(held, asked(max_charged_calls=1))
        journaled(journal.rejected, call_id, "provider_busy", "429", 429)

    assert intend(held, asked(max_charged_calls=1))


def test_other_purposes_are_counted_apart(held: Claim) -> None:
    succeed(held, asked(max_charged_calls=1, purpose="draft_prompt"))

    assert intend(held, asked(max_charged_calls=1))


def test_a_new_round_counts_anew(held: Claim) -> None:
    succeed(held, asked(max_charged_calls=1))
    fail(held)
    for piece in pictures_of(held.run.id):
        if piece.step:
            fail(take(piece))
    from making import end  # noqa: PLC0415 - this test alone ends a run

    end(held.run.id)
    with transaction() as session:
        rounds.resume(session, a_user(), held.run.id)

    assert intend(take(held.piece), asked(max_charged_calls=1))

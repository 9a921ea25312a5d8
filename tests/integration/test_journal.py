"""The journal: no call without a row, no call past the cap, every cent in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from app import journal
from app.db.models import Run
from app.domain.errors import BudgetReached
from app.domain.states import CallState, CostBasis
from app.journal import Asked
from app.runs.claims import Claim
from making import (
    WORST,
    asked,
    change,
    end,
    expire_lease,
    fail,
    intend,
    journaled,
    money_of,
    opened,
    pictures_of,
    succeed,
    take,
    unknown,
)
from next_rounds import resume
from orders import calls_of
from races import losers, together, winners

pytestmark = pytest.mark.usefixtures("database")
CHANGE = asked(purpose="refine_image", counted_with=("render_image",))


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
    assert {lost.code for lost in losers(results)} == {"money_held"}, "they wait for what the five leave"  # type: ignore[attr-defined]


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


def test_unknown_outcomes_of_one_model_do_not_keep_another_from_being_asked(held: Claim) -> None:
    unknown(held)
    unknown(held)

    assert intend(held, asked(model="google/gemini-3-pro-image"))
    assert intend(held, asked(provider="gemini"))


def test_unknown_outcomes_of_a_model_are_counted_whether_it_made_a_picture_or_changed_one(held: Claim) -> None:
    unknown(held, CHANGE)
    unknown(held)

    for call in (asked(), CHANGE):
        with pytest.raises(BudgetReached) as refused:
            intend(held, call)
        assert refused.value.code == "outcome_unknown"


def test_unknown_outcomes_count_as_paid_whatever_the_model(held: Claim) -> None:
    for model in ("a", "b", "c", "d", "e"):
        unknown(held, asked(model=model))

    with pytest.raises(BudgetReached) as refused:
        intend(held, asked(model="f"))

    assert refused.value.code == "paid_calls_used_up"


def test_the_paid_calls_of_a_purpose_are_counted(held: Claim) -> None:
    for n in range(5):
        succeed(held, asked(prompt_hash=f"{n}" * 64))

    with pytest.raises(BudgetReached) as refused:
        intend(held)

    assert refused.value.code == "paid_calls_used_up"


def test_what_the_sandbox_answered_is_not_counted_as_asked_of_the_model(held: Claim) -> None:
    succeed(held, replace(asked(), is_sandbox=not asked().is_sandbox))

    assert intend(held, asked(max_charged_calls=1))


@pytest.mark.parametrize("first", [asked(), CHANGE], ids=["made", "changed"])
@pytest.mark.parametrize("then", [asked(), CHANGE], ids=["made", "changed"])
def test_pictures_made_and_changed_are_counted_together(held: Claim, first: Asked, then: Asked) -> None:
    succeed(held, first)

    with pytest.raises(BudgetReached) as refused:
        intend(held, replace(then, max_charged_calls=1, prompt_hash="b" * 64))

    assert refused.value.code == "paid_calls_used_up"


def test_a_picture_from_the_cache_is_a_call_that_was_not_made_and_cost_nothing(held: Claim) -> None:
    journaled(journal.from_cache, held.run.id, held.piece, asked(), "posts/x/a.png", 90_000)

    (call,) = calls_of(held.run.id)
    assert (call.state, call.accepted, call.reply) == (CallState.SUCCEEDED, True, "posts/x/a.png")
    assert (call.cost_micro_usd, call.cost_basis, call.worst_micro_usd) == (0, CostBasis.CACHE, 0)
    assert money_of(held) == (0, 0)


def test_a_picture_from_the_cache_is_not_counted_as_paid(held: Claim) -> None:
    journaled(journal.from_cache, held.run.id, held.piece, asked(), "posts/x/a.png", 90_000)

    assert intend(held, asked(max_charged_calls=1, prompt_hash="b" * 64))


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_of_many_intents_at_once_for_one_piece_no_more_may_leave_than_its_stage_allows(held: Claim, most: int) -> None:
    results = together([lambda: intend(held, asked(max_charged_calls=most))] * 6)

    assert len(winners(results)) == most


def test_rejected_calls_are_not_counted(held: Claim) -> None:
    for _ in range(6):
        call_id = intend(held, asked(max_charged_calls=1))
        journaled(journal.rejected, call_id, "provider_busy", "429", 429)

    assert intend(held, asked(max_charged_calls=1))


@pytest.mark.parametrize("end", [succeed, unknown], ids=["succeeded", "unknown"])
def test_a_call_that_costs_nothing_may_be_made_as_often_as_it_takes(held: Claim, end: Callable[..., object]) -> None:
    free = asked(purpose="screen_image", worst_micro_usd=0, max_charged_calls=1, counted_with=())
    for _ in range(4):
        end(held, free)

    assert intend(held, free)


def test_an_open_call_of_a_dead_owner_that_is_free_is_never_in_doubt(held: Claim) -> None:
    intend(held, asked(purpose="screen_image", worst_micro_usd=0, counted_with=()))
    expire_lease(held.piece)

    take(held.piece)

    (call,) = calls_of(held.run.id)
    assert (call.state, call.cost_micro_usd, call.cost_basis) == (CallState.FAILED, 0, CostBasis.NONE)


def test_other_purposes_are_counted_apart(held: Claim) -> None:
    succeed(held, asked(max_charged_calls=1, purpose="draft_prompt"))

    assert intend(held, asked(max_charged_calls=1))


def test_a_new_round_counts_anew(held: Claim) -> None:
    succeed(held, asked(max_charged_calls=1))
    fail(held)
    for piece in pictures_of(held.run.id):
        if piece.step:
            fail(take(piece))
    end(held.run.id)
    resume(held.run.id)

    assert intend(take(held.piece), asked(max_charged_calls=1, prompt_hash="b" * 64))

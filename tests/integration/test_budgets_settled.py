"""Budgets at the end of a round: what was spent is booked in full, with what becomes known later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import budgets, journal, settlement
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.states import CostBasis, QuotaUnit
from app.pipelines.catalog import pipeline_named
from budgeting import (
    MILLION,
    a_key,
    ledger_of,
    month_row,
    no_budgets_left,
    set_budget,
    set_for_all,
)
from harness import Installation
from making import WORST, asked, journaled, opened, outcome, pictures_of, succeed, take, timed_out, unknown
from next_rounds import cancel, resume
from orders import a_user, run_of, used

KEY, USER, PROVIDER, INSTALLATION = BudgetScope
FULL_POST = pipeline_named("full-post")


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


# ---- what comes back


def test_the_end_of_a_round_puts_what_was_spent_in_the_place_of_what_was_reserved() -> None:
    user = a_user()
    every = set_for_all(user, a_key(user), 100)
    run_id = opened(user)
    succeed(take(pictures_of(run_id)[0], "draft_prompt"), cost=12_345)

    cancel(run_id)

    by_scope = {budget.scope: month_row(budget) for budget in every}
    spent = (12_345, 12_345)
    assert by_scope == {KEY: (0, 0), USER: spent, PROVIDER: spent, INSTALLATION: spent}
    assert [ledger_of(budget) for budget in every] == [month_row(budget) for budget in every]


def test_each_provider_pays_for_its_own_calls() -> None:
    gateway, gemini = set_budget(PROVIDER, 100, "gateway"), set_budget(PROVIDER, 100, "gemini")
    run_id = opened()
    held = take(pictures_of(run_id)[0], "draft_prompt")
    succeed(held, asked(provider="gemini", model="m"), cost=30_000)
    succeed(held, cost=4_000)

    cancel(run_id)

    assert (month_row(gateway), month_row(gemini)) == ((4_000, 4_000), (30_000, 30_000))


def test_a_provider_that_nobody_expected_to_be_asked_is_booked_all_the_same() -> None:
    budget = set_budget(PROVIDER, 100, "leonardo")
    run_id = opened()
    succeed(take(pictures_of(run_id)[0], "draft_prompt"), asked(provider="leonardo", model="m"), cost=30_000)

    cancel(run_id)

    assert month_row(budget) == ledger_of(budget) == (30_000, 30_000)


def test_a_call_in_doubt_counts_at_its_worst_until_it_is_settled() -> None:
    user = a_user()
    budget = set_budget(USER, 100, user.name)
    run_id = opened(user)
    unknown(take(pictures_of(run_id)[0], "draft_prompt"))

    cancel(run_id)

    assert month_row(budget) == (WORST, WORST)


@pytest.mark.parametrize("late", [-69_000, 5_000])
def test_what_becomes_known_after_the_end_is_booked_where_it_belongs(late: int) -> None:
    gateway, gemini = set_budget(PROVIDER, 100, "gateway"), set_budget(PROVIDER, 100, "gemini")
    total = set_budget(INSTALLATION, 100)
    run_id = opened()
    unknown(take(pictures_of(run_id)[0], "draft_prompt"))
    cancel(run_id)

    with transaction() as session:
        budgets.settled_late(session, run_id, 1, "gateway", late)
        budgets.settled_late(session, run_id, 1, "gateway", -1_000)

    assert month_row(gateway) == month_row(total) == ledger_of(total) == (WORST + late - 1_000,) * 2
    assert month_row(gemini) == (0, 0)


def test_what_becomes_known_before_the_end_is_booked_once() -> None:
    budget = set_budget(INSTALLATION, 100)
    run_id = opened()
    held = take(pictures_of(run_id)[0], "draft_prompt")
    call_id = unknown(held)
    journaled(journal.succeeded, call_id, outcome(1_000))

    with transaction() as session:
        budgets.settled_late(session, run_id, 1, "gateway", 1_000 - WORST)
    cancel(run_id)

    assert month_row(budget) == ledger_of(budget) == (1_000, 1_000)


def test_a_round_that_spent_more_than_it_reserved_is_booked_in_full_and_told(caplog: pytest.LogCaptureFixture) -> None:
    user = a_user()
    budget = set_budget(USER, 1, user.name)
    run_id = opened(user, max_cost_usd=0.1)
    succeed(take(pictures_of(run_id)[0], "draft_prompt"), cost=3 * MILLION)

    cancel(run_id)

    assert month_row(budget) == ledger_of(budget) == (3 * MILLION, 3 * MILLION)
    assert used(user, QuotaUnit.MONEY) == 3 * MILLION
    assert "round_overran" in [record.message for record in caplog.records]


def test_a_second_release_books_nothing() -> None:
    budget = set_budget(INSTALLATION, 1)
    run_id = opened(max_cost_usd=0.5)
    succeed(take(pictures_of(run_id)[0], "draft_prompt"), cost=4_000)
    cancel(run_id)

    with transaction() as session:
        budgets.release(session, run_of(run_id))

    assert month_row(budget) == (4_000, 4_000)


@pytest.mark.parametrize("cost", [0, 1_000, WORST, 3 * WORST])
def test_the_journal_books_what_it_learns_late_in_plan_and_budgets_alike(cost: int) -> None:
    user = a_user()
    every = set_for_all(user, a_key(user), 100)
    run_id = opened(user)
    call_id = unknown(take(pictures_of(run_id)[0], "draft_prompt"))
    cancel(run_id)

    for _ in range(2):
        journaled(settlement.settle_late, call_id, cost, CostBasis.PROVIDER)

    assert [month_row(budget) for budget in every[1:]] == [(cost, cost)] * 3
    assert [ledger_of(budget) for budget in every] == [month_row(budget) for budget in every]
    assert used(user, QuotaUnit.MONEY) == cost


def test_what_is_learned_of_an_earlier_round_while_another_one_works_is_booked_once() -> None:
    user = a_user()
    budget = set_budget(USER, 100, user.name)
    run_id = opened(user)
    first, *others = pictures_of(run_id)
    call_id = unknown(take(first, "draft_prompt"))
    timed_out(run_id)
    assert month_row(budget) == (WORST, WORST)
    resume(run_id, user)
    succeed(take(others[0], "draft_prompt", 2), cost=2_000)

    journaled(settlement.settle_late, call_id, 500, CostBasis.PROVIDER)
    timed_out(run_id)

    assert month_row(budget) == ledger_of(budget) == (2_500, 2_500)
    assert used(user, QuotaUnit.MONEY) == 2_500
    assert run_of(run_id).spent_micro_usd == 2_500

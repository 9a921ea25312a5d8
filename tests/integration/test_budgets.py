"""Budgets: hard, reserved with the order, and exact to the micro-dollar however many order at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from app import budgets
from app.db.models import Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.errors import QuotaExceeded
from app.domain.plans import month_of
from app.domain.states import QuotaUnit
from app.pipelines.catalog import pipeline_named
from app.runs import rounds
from app.runs.accept import Accepted, accept, parse
from budgeting import (
    CENT,
    a_key,
    ledger_of,
    month_row,
    no_budgets_left,
    order_with,
    prefix_of,
    set_budget,
    set_for_all,
    standing_of,
)
from harness import Installation
from making import finished, pictures_of
from next_rounds import edit, resume
from orders import TOPIC, a_user, accepted, order, run_of, used
from races import losers, together, winners
from rendering import use_routes

KEY, USER, PROVIDER, INSTALLATION = BudgetScope
FULL_POST = pipeline_named("full-post")


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


def runs() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Run)) or 0


# ---- hard, in the transaction that accepts


def test_200_orders_at_once_at_a_budget_that_fits_37_make_exactly_37_runs() -> None:
    budget = set_budget(INSTALLATION, 0.375)
    users = [a_user() for _ in range(8)]

    results = together([partial(accepted, user) for user in users * 25])

    assert (len(winners(results)), len(losers(results)), runs()) == (37, 163, 37)
    assert {lost.code for lost in losers(results) if isinstance(lost, QuotaExceeded)} == {"budget_exceeded"}
    assert month_row(budget) == ledger_of(budget) == (37 * CENT, 0)


@pytest.mark.parametrize("tight", list(BudgetScope))
def test_the_tightest_of_a_runs_budgets_decides(tight: BudgetScope) -> None:
    user = a_user()
    key_id = a_key(user)
    every = set_for_all(user, key_id, 1)
    set_budget(tight, 0.05, standing_of(next(budget for budget in every if budget.scope is tight)).name)

    results = together([partial(order_with, user, key_id)] * 12)

    assert len(winners(results)) == 5
    assert [month_row(budget) for budget in every] == [(5 * CENT, 0)] * 4


def test_one_order_may_not_be_dearer_than_the_whole_month() -> None:
    set_budget(INSTALLATION, 0.009)

    with pytest.raises(QuotaExceeded):
        accepted(a_user())


def test_a_refused_order_leaves_nothing_behind() -> None:
    user = a_user()
    budget = set_budget(USER, 0.01, user.name)
    accepted(user)

    with pytest.raises(QuotaExceeded):
        accepted(user)

    assert (runs(), month_row(budget), used(user), used(user, QuotaUnit.MONEY)) == (1, (CENT, 0), 1, CENT)


def test_the_refusal_says_which_budget_what_is_used_and_what_to_do() -> None:
    user = a_user()
    set_budget(USER, 0.01, user.name)
    accepted(user)

    with pytest.raises(
        QuotaExceeded, match=r"your account is \$0\.01 a month, of which \$0\.01 are used.*lower max_cost"
    ):
        accepted(user)


def test_what_others_use_of_the_installation_is_not_told() -> None:
    set_budget(INSTALLATION, 0.015)
    accepted(a_user())

    with pytest.raises(QuotaExceeded, match=r"this installation is \$0\.015 a month;"):
        accepted(a_user())


def test_a_budget_of_nothing_refuses_all_that_is_paid() -> None:
    user = a_user()
    set_budget(USER, 0, user.name)

    with pytest.raises(QuotaExceeded):
        accepted(user)


def test_the_same_order_again_takes_nothing_more() -> None:
    user = a_user()
    budget = set_budget(USER, 1, user.name)
    pair = ("once", b"hash")

    results = together([lambda: keyed(user, pair)] * 6)

    assert len({result.run_id for result in winners(results)}) == 1
    assert month_row(budget) == ledger_of(budget) == (CENT, 0)


def keyed(user: User, pair: tuple[str, bytes]) -> Accepted:
    with transaction() as session:
        return accept(session, user, FULL_POST, {"topic": TOPIC, "max_cost_usd": 0.01}, idempotency=pair)


def test_a_lowered_budget_refuses_from_now_on() -> None:
    user = a_user()
    set_budget(USER, 1, user.name)
    accepted(user)
    budget = set_budget(USER, 0.01, user.name)

    with pytest.raises(QuotaExceeded):
        accepted(user)
    assert month_row(budget) == (CENT, 0)


def test_months_do_not_share_a_budget() -> None:
    user = a_user()
    budget = set_budget(USER, 0.01, user.name)
    accepted(user, datetime(2026, 12, 31, 23, 59, tzinfo=UTC))

    accepted(user, datetime(2027, 1, 1, tzinfo=UTC))

    assert standing_of(budget, datetime(2027, 1, 5, tzinfo=UTC)).used == CENT


# ---- whose


def test_a_keys_budget_binds_only_what_is_ordered_with_it() -> None:
    user = a_user()
    poor, rich = a_key(user), a_key(user)
    budget = set_budget(KEY, 0.01, prefix_of(poor))
    order_with(user, poor)

    order_with(user, rich)
    accepted(user)

    with pytest.raises(QuotaExceeded, match="this API key"):
        order_with(user, poor)
    assert month_row(budget) == (CENT, 0)


def resume_with(user: User, key_id: uuid.UUID, run_id: uuid.UUID) -> None:
    with transaction() as session:
        budgets.order_with(session, key_id)
        rounds.resume(session, user, run_id)


def test_a_key_pays_for_the_rounds_that_it_starts_of_runs_that_another_ordered() -> None:
    user = a_user()
    poor, rich = a_key(user), a_key(user)
    set_budget(KEY, 0.001, prefix_of(poor))
    run_id = finished(user, failed=1)

    with pytest.raises(QuotaExceeded):
        resume_with(user, poor, run_id)
    resume_with(user, rich, run_id)

    assert run_of(run_id).api_key_id == rich


def test_a_users_budget_does_not_bind_others() -> None:
    user = a_user()
    set_budget(USER, 0, user.name)

    assert accepted(a_user())


def test_a_provider_that_no_route_may_use_refuses_nothing() -> None:
    set_budget(PROVIDER, 0, "leonardo")

    assert accepted(a_user())


def test_a_provider_holds_no_more_than_its_routes_can_be_charged(monkeypatch: pytest.MonkeyPatch) -> None:
    use_routes(monkeypatch)
    request = parse(FULL_POST, {"topic": TOPIC})
    most = budgets.most_at_providers(FULL_POST, request)
    every = {provider: set_budget(PROVIDER, 100, provider) for provider in most}

    run = run_of(order())

    held = {provider: month_row(budget)[0] for provider, budget in every.items()}
    assert held == {provider: min(amount, run.reserved_micro_usd) for provider, amount in most.items()}
    assert min(held.values()) < run.reserved_micro_usd


# ---- rounds


def test_a_new_round_takes_of_the_budget_anew_and_only_what_is_left_to_pay() -> None:
    user = a_user()
    budget = set_budget(USER, 100, user.name)
    run_id = finished(user, failed=1)
    assert month_row(budget) == (0, 0)

    worst = resume(run_id, user).worst_micro_usd

    assert month_row(budget) == ledger_of(budget) == (worst, 0)


def test_a_used_up_budget_refuses_a_new_round_and_leaves_the_run_as_it_was() -> None:
    user = a_user()
    run_id = finished(user, failed=1)
    set_budget(USER, 0, user.name)
    before = run_of(run_id)

    with pytest.raises(QuotaExceeded):
        resume(run_id, user)

    now = run_of(run_id)
    assert (now.round, now.state, now.reserved_micro_usd) == (before.round, before.state, before.reserved_micro_usd)


def test_slides_are_drawn_again_for_nothing_on_a_used_up_budget() -> None:
    user = a_user()
    run_id = finished(user)
    set_budget(USER, 0, user.name)

    assert edit(pictures_of(run_id)[0], title="Ship smaller").worst_micro_usd == 0


# ---- before an order


def test_a_quote_can_ask_which_budget_would_refuse_it() -> None:
    user = a_user()
    set_budget(INSTALLATION, 0.02)
    request = parse(FULL_POST, {"topic": TOPIC, "max_cost_usd": 0.01})
    month = month_of(datetime.now(UTC))

    with transaction() as session:
        room = budgets.would_refuse(session, user, FULL_POST, request, CENT, month)
        none = budgets.would_refuse(session, user, FULL_POST, request, CENT * 3, month)

    assert room is None
    assert none is not None
    assert none.code == "budget_exceeded"

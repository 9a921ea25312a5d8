"""Budgets are set in the middle of a month, while orders come and go, and none of them is missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import update

from app.db.models import Budget, Run
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.errors import InvalidRequest, NotFound
from app.pipelines.catalog import pipeline_named
from budgeting import (
    CENT,
    a_key,
    ledger_of,
    month_row,
    no_budgets_left,
    order_with,
    remove_budget,
    set_budget,
    set_for_all,
)
from harness import Installation
from making import finished, opened, pictures_of, succeed, take
from next_rounds import cancel, resume
from orders import a_user, accepted
from races import losers, together

KEY, USER, PROVIDER, INSTALLATION = BudgetScope
FULL_POST = pipeline_named("full-post")


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


# ---- set in the middle of a month


@pytest.mark.parametrize("values", [{"pipeline": "gone"}, {"request": {}}])
def test_a_run_that_only_another_release_can_read_holds_all_that_its_round_reserved_at_each_provider(
    values: dict[str, object],
) -> None:
    run_id = accepted(a_user()).run_id
    with transaction() as session:
        session.execute(update(Run).where(Run.id == run_id).values(**values))

    budget = set_budget(PROVIDER, 100, "gateway")

    assert month_row(budget) == (CENT, 0)


def test_a_new_budget_begins_with_what_the_month_has_spent_and_what_live_rounds_hold() -> None:
    user = a_user()
    key_id = a_key(user)
    over = opened(user, max_cost_usd=0.5)
    succeed(take(pictures_of(over)[0], "draft_prompt"), cost=7_000)
    cancel(over)
    order_with(user, key_id)
    accepted(a_user())

    key, mine, provider, total = set_for_all(user, key_id, 100)

    assert month_row(key) == (CENT, 0)
    assert month_row(mine) == (CENT + 7_000, 7_000)
    assert month_row(provider) == (2 * CENT + 7_000, 7_000)
    assert month_row(total) == ledger_of(total) == (2 * CENT + 7_000, 7_000)


def test_a_new_budget_follows_the_rounds_that_were_under_way() -> None:
    run_id = opened(max_cost_usd=0.5)
    succeed(take(pictures_of(run_id)[0], "draft_prompt"), cost=7_000)
    budget = set_budget(INSTALLATION, 100)
    assert month_row(budget) == (500_000, 0)

    cancel(run_id)

    assert month_row(budget) == ledger_of(budget) == (7_000, 7_000)


def test_a_budget_set_while_orders_come_and_go_misses_none_of_them() -> None:
    users = [a_user() for _ in range(4)]
    live = [accepted(user).run_id for user in users * 3]

    deeds: list[Callable[[], object]] = [
        *[partial(accepted, user) for user in users * 4],
        *[partial(cancel, run_id) for run_id in live],
        lambda: set_budget(INSTALLATION, 100),
        lambda: set_budget(PROVIDER, 100, "gateway"),
        lambda: set_budget(USER, 100, users[0].name),
    ]

    results = together(deeds)

    made = [result for result in results if isinstance(result, Budget)]
    assert len(made) == 3
    assert {budget.scope: month_row(budget) for budget in made} == {
        INSTALLATION: (16 * CENT, 0),
        PROVIDER: (16 * CENT, 0),
        USER: (4 * CENT, 0),
    }
    assert [ledger_of(budget) for budget in made] == [month_row(budget) for budget in made]


def test_orders_rounds_and_ends_of_all_scopes_at_once_neither_deadlock_nor_lose_money() -> None:
    users = [a_user() for _ in range(6)]  # orders of one user wait for each other before they get here
    key_id = a_key(users[0])
    every = set_for_all(users[0], key_id, 50)
    done = [(finished(user, failed=1), user) for user in users[:3]]
    live = [accepted(user).run_id for user in users * 2]
    deeds: list[Callable[[], object]] = [
        *[partial(accepted, user) for user in users * 2],
        *[partial(order_with, users[0], key_id)] * 3,
        *[partial(resume, run_id, user) for run_id, user in done],
        *[partial(cancel, run_id) for run_id in live],
        lambda: set_budget(INSTALLATION, 40),
    ]

    assert losers(together(deeds)) == []
    assert [month_row(budget) for budget in every] == [ledger_of(budget) for budget in every]
    assert month_row(every[0]) == (3 * CENT, 0)


def test_a_removed_budget_binds_nobody_and_the_next_one_begins_with_the_month() -> None:
    user = a_user()
    set_budget(USER, 0.01, user.name)
    accepted(user)
    remove_budget(USER, user.name)

    accepted(user)

    assert month_row(set_budget(USER, 1, user.name)) == (2 * CENT, 0)


@pytest.mark.parametrize(
    ("scope", "name", "code"),
    [
        (PROVIDER, "nobody", "no_such_provider"),
        (USER, "nobody", "no_such_user"),
        (KEY, "nothing", "no_such_key"),
        (KEY, "", "no_such_key"),
    ],
)
def test_a_budget_of_nobody_is_refused(scope: BudgetScope, name: str, code: str) -> None:
    with pytest.raises(NotFound) as refused:
        set_budget(scope, 1, name)

    assert refused.value.code == code


def test_taking_away_a_budget_that_is_not_there_is_refused() -> None:
    with pytest.raises(NotFound, match="no budget of the installation"):
        remove_budget(INSTALLATION)


@pytest.mark.parametrize("usd", [-1, 2_000_000_000])
def test_an_amount_that_is_none_is_refused(usd: float) -> None:
    with pytest.raises(InvalidRequest):
        set_budget(INSTALLATION, usd)

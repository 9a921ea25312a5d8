"""A budget of a key that is made in the middle of a month begins with the rounds of that key, whoever ordered the run."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from app import budgets, settlement
from app.db.models import Budget, Run, User
from app.db.session import transaction
from app.domain.budgets import BudgetScope
from app.domain.states import CostBasis
from app.runs import rounds
from budgeting import a_key, ledger_of, month_row, no_budgets_left, prefix_of, set_budget
from harness import Installation
from making import WORST, change, journaled, opened, pictures_of, succeed, take, timed_out, unknown
from orders import a_user


@pytest.fixture(autouse=True)
def _alone(database: Installation) -> Iterator[None]:
    assert database
    with no_budgets_left():
        yield


@pytest.fixture
def user() -> User:
    return a_user()


@pytest.fixture
def keys(user: User) -> tuple[uuid.UUID, uuid.UUID]:
    return a_key(user), a_key(user)


def begun(user: User, key_id: uuid.UUID) -> uuid.UUID:
    """Return a run of the key whose pictures are to be made."""
    run_id = opened(user, slides=5)
    change(Run, run_id, api_key_id=key_id)
    return run_id


def resume(run_id: uuid.UUID, user: User, key_id: uuid.UUID) -> int:
    """Have a key make what failed; return what that costs at most."""
    with transaction() as session:
        budgets.order_with(session, key_id)
        return rounds.resume(session, user, run_id).worst_micro_usd


def pay(run_id: uuid.UUID, cost: int, round_: int = 1) -> None:
    succeed(take(pictures_of(run_id)[round_], "draft_prompt", round_), cost=cost)


def limited(key_id: uuid.UUID) -> Budget:
    return set_budget(BudgetScope.KEY, 100, prefix_of(key_id))


def test_it_begins_with_the_rounds_of_its_key_and_with_no_other_rounds_of_their_runs(
    user: User, keys: tuple[uuid.UUID, uuid.UUID]
) -> None:
    first, second = keys
    run_id = begun(user, first)
    pay(run_id, 40_000)
    timed_out(run_id)
    resume(run_id, user, second)
    pay(run_id, 100, round_=2)
    timed_out(run_id)

    whose = limited(first), limited(second)

    assert [month_row(budget) for budget in whose] == [(40_000, 40_000), (100, 100)]
    assert [ledger_of(budget) for budget in whose] == [(40_000, 40_000), (100, 100)]


def test_of_a_run_that_another_key_goes_on_with_each_has_its_own_round(
    user: User, keys: tuple[uuid.UUID, uuid.UUID]
) -> None:
    first, second = keys
    run_id = begun(user, first)
    pay(run_id, 40_000)
    timed_out(run_id)
    worst = resume(run_id, user, second)
    pay(run_id, 100, round_=2)

    whose = limited(first), limited(second)

    assert [month_row(budget) for budget in whose] == [(40_000, 40_000), (worst, 0)]
    timed_out(run_id)
    assert [month_row(budget) for budget in whose] == [(40_000, 40_000), (100, 100)]
    assert [ledger_of(budget) for budget in whose] == [(40_000, 40_000), (100, 100)]


def test_of_a_run_that_its_key_goes_on_with_it_has_both_rounds_once(
    user: User, keys: tuple[uuid.UUID, uuid.UUID]
) -> None:
    first, second = keys
    run_id = begun(user, first)
    pay(run_id, 40_000)
    timed_out(run_id)
    worst = resume(run_id, user, first)
    pay(run_id, 100, round_=2)

    assert month_row(limited(first)) == (40_000 + worst, 40_000)
    assert month_row(limited(second)) == (0, 0)


def test_a_call_in_doubt_counts_at_its_worst_for_the_key_of_its_round_and_is_settled_there(
    user: User, keys: tuple[uuid.UUID, uuid.UUID]
) -> None:
    first, second = keys
    run_id = begun(user, first)
    call_id = unknown(take(pictures_of(run_id)[0], "draft_prompt"))
    timed_out(run_id)
    worst = resume(run_id, user, second)
    whose = limited(first), limited(second)
    assert [month_row(budget) for budget in whose] == [(WORST, WORST), (worst, 0)]

    journaled(settlement.settle_late, call_id, 500, CostBasis.PROVIDER)

    assert [month_row(budget) for budget in whose] == [(500, 500), (worst, 0)]
    assert ledger_of(whose[0]) == (500, 500)
